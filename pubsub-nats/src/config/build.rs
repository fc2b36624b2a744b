//! [`NatsConfig`] built in code.

use std::path::PathBuf;
use std::time::Duration;

use super::{Credentials, Discovery, NatsConfig, TlsMode};

impl NatsConfig {
    /// Sets the servers.
    #[must_use]
    pub fn with_servers<S: Into<String>>(mut self, servers: impl IntoIterator<Item = S>) -> Self {
        self.servers = servers.into_iter().map(Into::into).collect();
        self
    }

    /// Sets what the server's operator sees this connection as.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets who connects.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Sets when the connection must be encrypted.
    #[must_use]
    pub const fn with_tls(mut self, mode: TlsMode) -> Self {
        self.tls = mode;
        self
    }

    /// Begins TLS before the server says anything.
    #[must_use]
    pub const fn with_tls_first(mut self) -> Self {
        self.tls_first = true;
        self
    }

    /// Sets the PEM file with the certificate authorities to trust.
    #[must_use]
    pub fn with_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(path.into());
        self
    }

    /// Sets the PEM files with the client's certificate and its private key.
    #[must_use]
    pub fn with_client_certificate(mut self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.cert = Some(cert.into());
        self.key = Some(key.into());
        self
    }

    /// Sets whether the addresses are used that a server tells of its cluster.
    #[must_use]
    pub const fn with_discovered_servers(mut self, discovery: Discovery) -> Self {
        self.discovered_servers = discovery;
        self
    }

    /// Sets the JetStream domain to use.
    #[must_use]
    pub fn with_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets what the subjects of JetStream's interface begin with.
    #[must_use]
    pub fn with_api_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.api_prefix = Some(prefix.into());
        self
    }

    /// Sets what the subjects begin with by which answers come back.
    #[must_use]
    pub fn with_inbox_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.inbox_prefix = prefix.into();
        self
    }

    /// Connects also where JetStream does not answer.
    #[must_use]
    pub const fn without_jetstream(mut self) -> Self {
        self.jetstream = false;
        self
    }

    /// Sets the cluster that is expected: a server of another is warned of in the log.
    #[must_use]
    pub fn with_cluster(mut self, cluster: impl Into<String>) -> Self {
        self.cluster = Some(cluster.into());
        self
    }

    /// Sets the most time for the first connection.
    #[must_use]
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the most time for one call to JetStream's interface.
    #[must_use]
    pub const fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Sets the most time from a publish to its receipt.
    #[must_use]
    pub const fn with_publish_timeout(mut self, timeout: Duration) -> Self {
        self.publish_timeout = timeout;
        self
    }

    /// Sets whether a publish whose outcome is not known is tried again within its time.
    #[must_use]
    pub const fn with_publish_retry(mut self, retry: bool) -> Self {
        self.publish_retry = retry;
        self
    }

    /// Sets the most time for a close.
    #[must_use]
    pub const fn with_close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Sets how often the server is asked whether it is there.
    #[must_use]
    pub const fn with_ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// Sets the pause before the second attempt to connect again, and what it grows to.
    #[must_use]
    pub const fn with_reconnect_delay(mut self, first: Duration, longest: Duration) -> Self {
        self.reconnect_delay = first;
        self.reconnect_max_delay = longest;
        self
    }

    /// Sets how much may be published and not confirmed at a time: messages and bytes.
    #[must_use]
    pub const fn with_max_in_flight(mut self, messages: usize, bytes: u64) -> Self {
        self.max_in_flight = messages;
        self.max_in_flight_bytes = bytes;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a configuration prints of each field.
    fn fields(config: &NatsConfig) -> Vec<String> {
        let mut fields: Vec<String> = Vec::new();
        for line in format!("{config:#?}").lines() {
            match (line.starts_with("    ") && !line.starts_with("     "), fields.last_mut()) {
                (true, Some(last)) if line.trim_start().starts_with([']', '}', ')']) => last.push_str(line),
                (true, _) => fields.push(line.to_owned()),
                (false, Some(last)) => last.push_str(line),
                (false, None) => {}
            }
        }
        fields
    }

    #[test]
    fn every_field_can_be_set_in_code() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        let built = NatsConfig::default()
            .with_servers(["a"])
            .with_name("ride")
            .with_credentials(Credentials::token("t"))
            .with_tls(TlsMode::Required)
            .with_tls_first()
            .with_ca("ca.pem")
            .with_client_certificate("c.pem", "k.pem")
            .with_discovered_servers(Discovery::Ignore)
            .with_domain("hub")
            .with_api_prefix("imported")
            .with_inbox_prefix("_INBOX_ride")
            .without_jetstream()
            .with_cluster("c")
            .with_connect_timeout(minute)
            .with_request_timeout(minute)
            .with_publish_timeout(minute)
            .with_publish_retry(false)
            .with_close_timeout(minute)
            .with_ping_interval(minute)
            .with_reconnect_delay(second, minute)
            .with_max_in_flight(1, 1);
        let (built, default) = (fields(&built), fields(&NatsConfig::default()));
        assert_eq!((built.len(), default.len()), (24, 24), "{built:#?}");
        for (built, default) in built.iter().zip(&default) {
            assert_ne!(built, default);
        }
    }
}
