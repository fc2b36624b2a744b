//! How a configuration is printed: without anything that may be a secret, also before it was checked.

use std::fmt;
use std::path::PathBuf;

use super::NatsConfig;

impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<&str> = self.servers.iter().map(|entry| address(entry)).collect();
        f.debug_struct("NatsConfig")
            .field("servers", &servers)
            .field("name", &self.name)
            .field("credentials", &self.credentials)
            .field("tls", &self.tls)
            .field("tls_first", &self.tls_first)
            .field("ca", &path(self.ca.as_ref()))
            .field("cert", &path(self.cert.as_ref()))
            .field("key", &path(self.key.as_ref()))
            .field("discovered_servers", &self.discovered_servers)
            .field("domain", &self.domain)
            .field("api_prefix", &self.api_prefix)
            .field("inbox_prefix", &self.inbox_prefix)
            .field("jetstream", &self.jetstream)
            .field("cluster", &self.cluster)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("publish_timeout", &self.publish_timeout)
            .field("publish_retry", &self.publish_retry)
            .field("close_timeout", &self.close_timeout)
            .field("ping_interval", &self.ping_interval)
            .field("reconnect_delay", &self.reconnect_delay)
            .field("reconnect_max_delay", &self.reconnect_max_delay)
            .field("max_in_flight", &self.max_in_flight)
            .field("max_in_flight_bytes", &self.max_in_flight_bytes)
            .finish()
    }
}

/// Someone may have written credentials before the host; `validate` refuses that later.
fn address(entry: &str) -> &str {
    if entry.contains('@') { "***" } else { entry }
}

/// Someone may have written the text in place of the path.
fn path(path: Option<&PathBuf>) -> Option<String> {
    let shown = path?.display().to_string();
    Some(if shown.contains("-----") { "***".to_owned() } else { shown })
}
