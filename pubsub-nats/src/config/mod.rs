//! How to connect and how much to have in flight: [`NatsConfig`].

mod build;
mod context;
mod credentials;
mod debug;
mod environment;
mod file;
mod reconnect;
mod servers;
mod settings;
mod sources;
mod tls;
mod validate;

use std::path::PathBuf;
use std::time::Duration;

use pubsub_core::{Error, Result};
use serde::Deserialize;

pub use credentials::{Credentials, NonceSigner};
pub(crate) use reconnect::delay as reconnect_delay;
pub(crate) use servers::{SCHEMES, address, is_tls};
use settings::Settings;
pub use sources::ConfigSources;
pub use tls::{Discovery, TlsMode};

/// How to connect to NATS, and how much to have in flight.
///
/// Built, read from a URL by [`new`](Self::new), from the environment by [`from_env`](Self::from_env), from a TOML or
/// JSON file by [`from_file`](Self::from_file) or by serde, from a context of the `nats` command line by
/// [`from_context`](Self::from_context), or from several of these by [`sources`](Self::sources). All but the contexts read the same keys, which are this structure's fields, with the credentials as keys of their own.
#[doc = include_str!("../../docs/configuration.md")]
///
/// ```
/// use std::time::Duration;
/// use pubsub_nats::NatsConfig;
///
/// let config = NatsConfig::new("nats://ride:s3cret@a:4222,b:4222?connect_timeout=2s")?
///     .with_name("ride-service")
///     .with_request_timeout(Duration::from_secs(3));
/// assert_eq!(config.servers, ["a:4222", "b:4222"]);
/// assert_eq!(config.connect_timeout, Duration::from_secs(2));
/// assert!(config.demands_tls());
/// assert!(!format!("{config:?}").contains("s3cret"));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Clone, Deserialize)]
#[serde(try_from = "Settings")]
#[non_exhaustive]
pub struct NatsConfig {
    /// The servers, each as `host`, `host:port`, `nats://host:port` or `tls://host:port`, without credentials. Default
    /// `127.0.0.1:4222`.
    pub servers: Vec<String>,
    /// What the server's operator sees this connection as. Default `pubsub-nats`.
    pub name: String,
    /// Who connects. Default none.
    pub credentials: Credentials,
    /// When the connection must be encrypted. Default [`TlsMode::Auto`].
    pub tls: TlsMode,
    /// Whether TLS begins before the server says anything, as its `handshake_first` asks for. Default no.
    pub tls_first: bool,
    /// A PEM file with the certificate authorities to trust. Default: those of the platform.
    pub ca: Option<PathBuf>,
    /// A PEM file with the client's certificate and what leads to its authority. Default none.
    pub cert: Option<PathBuf>,
    /// A PEM file with the private key of `cert`.
    pub key: Option<PathBuf>,
    /// Whether the addresses are used that a server tells of its cluster. Default [`Discovery::Auto`].
    pub discovered_servers: Discovery,
    /// The JetStream domain to use, as behind a leaf node. Default: the server's own.
    pub domain: Option<String>,
    /// What the subjects of JetStream's interface begin with, where an account imports it under another name. Default
    /// `$JS.API`, or `$JS.<domain>.API`.
    pub api_prefix: Option<String>,
    /// What the subjects begin with by which answers come back; the server must let this client subscribe to
    /// `<inbox_prefix>.>`. Default `_INBOX`.
    pub inbox_prefix: String,
    /// Whether connecting fails where JetStream does not answer. Default yes; without, only plain messaging is sure to
    /// work.
    pub jetstream: bool,
    /// The cluster that is expected. A server that says it belongs to another is warned of in the log.
    pub cluster: Option<String>,
    /// The most time for the first connection, over all servers; each of them gets its share, but no less than 2 s, or
    /// half of it. An attempt to connect again has as much time as such a share. Default 5 s.
    pub connect_timeout: Duration,
    /// The most time for one call to JetStream's interface and for a confirmed settlement. Default 5 s.
    pub request_timeout: Duration,
    /// The most time from a publish to its receipt, over all its tries, if the call does not say otherwise. A failed leader
    /// of a cluster is replaced within it; keep it well below the streams' duplicate windows. Default 30 s.
    pub publish_timeout: Duration,
    /// Whether a publish whose outcome is not known is tried again within its time, under one message id, if the call does
    /// not say otherwise; a message without an id then gets one, which costs a server 30 to 60 % of what it can store in a
    /// second. For an id of the caller's own the receipt says *duplicate* also if an earlier try was stored. It ends where the stream would no longer remember the id. What was in flight at a break may be stored after
    /// what was published later without waiting for it. Default yes.
    pub publish_retry: bool,
    /// The most time for a close, over all its steps. Default 10 s.
    pub close_timeout: Duration,
    /// How often the server is asked whether it is there; after two questions without an answer the connection is taken
    /// for lost. Default 3 s.
    pub ping_interval: Duration,
    /// The pause before the second attempt to connect again; it doubles up to 250 ms. Default 4 ms.
    pub reconnect_delay: Duration,
    /// What the pause grows to in an outage of more than about 15 s. Default 2 s.
    pub reconnect_max_delay: Duration,
    /// The most messages that are published and not confirmed at a time; more of them wait. Default 4,096.
    pub max_in_flight: usize,
    /// The most bytes (payloads, headers, subjects) that are published and not confirmed at a time. One larger message
    /// goes alone. Default 16 MiB.
    pub max_in_flight_bytes: u64,
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self {
            servers: vec!["127.0.0.1:4222".to_owned()],
            name: "pubsub-nats".to_owned(),
            credentials: Credentials::None,
            tls: TlsMode::Auto,
            tls_first: false,
            ca: None,
            cert: None,
            key: None,
            discovered_servers: Discovery::Auto,
            domain: None,
            api_prefix: None,
            inbox_prefix: "_INBOX".to_owned(),
            jetstream: true,
            cluster: None,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
            publish_timeout: Duration::from_secs(30),
            publish_retry: true,
            close_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(3),
            reconnect_delay: Duration::from_millis(4),
            reconnect_max_delay: Duration::from_secs(2),
            max_in_flight: 4_096,
            max_in_flight_bytes: 16 * 1024 * 1024,
        }
    }
}

impl NatsConfig {
    /// What the subjects of JetStream's interface begin with, without a dot at the end.
    pub(crate) fn interface_prefix(&self) -> String {
        match (&self.api_prefix, &self.domain) {
            (Some(prefix), _) => prefix.clone(),
            (None, Some(domain)) => format!("$JS.{domain}.API"),
            (None, None) => "$JS.API".to_owned(),
        }
    }
}

impl TryFrom<Settings> for NatsConfig {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Self> {
        settings.into_config()
    }
}

#[cfg(test)]
mod tests;
