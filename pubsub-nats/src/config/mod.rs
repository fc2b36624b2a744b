//! How to connect and how much to have in flight: [`NatsConfig`].

mod credentials;
mod servers;

use std::time::Duration;

use pubsub_core::config::{ConnectUrl, duration, size};
use pubsub_core::{Error, Result};
use serde::Deserialize;

pub use credentials::Credentials;
pub(crate) use servers::{SCHEMES, address};

/// How to connect to NATS, and how much to have in flight.
///
/// Read from a file by serde (`"5s"`, `"16MiB"`), from a URL by [`new`](Self::new), or built:
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
/// assert!(!format!("{config:?}").contains("s3cret"));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct NatsConfig {
    /// The servers, each as `host`, `host:port` or `nats://host:port`, without credentials. Default
    /// `127.0.0.1:4222`.
    pub servers: Vec<String>,
    /// Who connects. Default none.
    pub credentials: Credentials,
    /// What the server's operator sees this connection as. Default `pubsub-nats`.
    pub name: String,
    /// What the subjects begin with by which answers come back; the server must let this client subscribe to
    /// `<inbox_prefix>.>`. Default `_INBOX`.
    pub inbox_prefix: String,
    /// The most time for the first connection, over all servers. Default 5 s.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// The most time for one call to JetStream's interface and for a confirmed settlement. Default 5 s.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
    /// The most time from a publish to its receipt, if the call does not say otherwise. Default 5 s.
    #[serde(with = "duration")]
    pub publish_timeout: Duration,
    /// The most messages that are published and not confirmed at a time; more of them wait. Default 4,096.
    pub max_in_flight: usize,
    /// The most bytes (payloads, headers, subjects) that are published and not confirmed at a time. One larger message
    /// goes alone. Default 16 MiB.
    #[serde(with = "size")]
    pub max_in_flight_bytes: u64,
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self {
            servers: vec!["127.0.0.1:4222".to_owned()],
            credentials: Credentials::None,
            name: "pubsub-nats".to_owned(),
            inbox_prefix: "_INBOX".to_owned(),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
            publish_timeout: Duration::from_secs(5),
            max_in_flight: 4_096,
            max_in_flight_bytes: 16 * 1024 * 1024,
        }
    }
}

impl NatsConfig {
    /// What a URL says: `nats://[user:password@ | token@]host[:port][,host[:port]...][?option=value&...]`. The options
    /// are this structure's fields but for `servers` and `credentials`. Credentials are percent-decoded.
    ///
    /// # Errors
    /// `Config` for a URL, a scheme or an option that is not understood. It repeats no credentials.
    pub fn new(url: &str) -> Result<Self> {
        Self::from_url(&ConnectUrl::parse(url)?)
    }

    /// What a URL says that was parsed already.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_url(url: &ConnectUrl) -> Result<Self> {
        if !SCHEMES.contains(&url.scheme()) {
            return Err(Error::config("url", format!("the scheme `{}` is not served", url.scheme()))
                .with_remedy("write `nats://host:port`"));
        }
        if !matches!(url.path(), "" | "/") {
            return Err(Error::config("url", "a NATS URL has no path")
                .with_remedy("write options after a `?`, as in `nats://host:4222?name=rides`"));
        }
        let mut config: Self = url.options()?;
        let in_the_query = |field| {
            Error::config("url", format!("`{field}` is not an option of a URL"))
                .with_remedy("write hosts and credentials before the `?`")
        };
        if config.servers != Self::default().servers {
            return Err(in_the_query("servers"));
        }
        if !config.credentials.is_none() {
            return Err(in_the_query("credentials"));
        }
        if !url.hosts().is_empty() {
            config.servers = url.hosts().to_vec();
        }
        config.credentials = url.user_info().map(Credentials::from).unwrap_or_default();
        config.validate()?;
        Ok(config)
    }

    /// Sets who connects.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Sets what the server's operator sees this connection as.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets what the subjects begin with by which answers come back.
    #[must_use]
    pub fn with_inbox_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.inbox_prefix = prefix.into();
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

    /// Sets how much may be published and not confirmed at a time: messages and bytes.
    #[must_use]
    pub const fn with_max_in_flight(mut self, messages: usize, bytes: u64) -> Self {
        self.max_in_flight = messages;
        self.max_in_flight_bytes = bytes;
        self
    }

    /// Checks the ranges. [`NatsBroker::connect`](crate::NatsBroker::connect) calls it first.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config), with the field.
    pub fn validate(&self) -> Result<()> {
        if self.servers.is_empty() {
            return Err(Error::config("servers", "there is no server").with_remedy("name at least one"));
        }
        self.servers.iter().try_for_each(|entry| address(entry).map(drop))?;
        check_inbox_prefix(&self.inbox_prefix)?;
        if self.name.chars().any(char::is_control) {
            return Err(Error::config("name", "a name cannot contain control characters"));
        }
        for (field, timeout) in [
            ("connect_timeout", self.connect_timeout),
            ("request_timeout", self.request_timeout),
            ("publish_timeout", self.publish_timeout),
        ] {
            if timeout.is_zero() {
                return Err(Error::config(field, "a timeout of zero lets nothing happen")
                    .with_remedy("write a duration such as \"5s\""));
            }
        }
        if !(1..=MAX_IN_FLIGHT).contains(&self.max_in_flight) {
            return Err(Error::config(
                "max_in_flight",
                format!("{} is outside 1 to {MAX_IN_FLIGHT}", self.max_in_flight),
            ));
        }
        if !(1..=MAX_IN_FLIGHT_BYTES).contains(&self.max_in_flight_bytes) {
            return Err(Error::config(
                "max_in_flight_bytes",
                format!("{} is outside 1 to {MAX_IN_FLIGHT_BYTES}", self.max_in_flight_bytes),
            ));
        }
        Ok(())
    }
}

/// The table of those who wait for an answer has this many places.
const MAX_IN_FLIGHT: usize = 500_000;
/// Bytes are counted by a semaphore that takes 32 bits at once.
const MAX_IN_FLIGHT_BYTES: u64 = u32::MAX as u64;

fn check_inbox_prefix(prefix: &str) -> Result<()> {
    let sound = prefix.len() <= 256
        && prefix.split('.').all(|token| {
            !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '*' | '>'))
        });
    if sound {
        return Ok(());
    }
    Err(Error::config("inbox_prefix", "it is not a subject of visible ASCII without wildcards")
        .with_remedy("write something like `_INBOX` or `_INBOX_rides`"))
}

#[cfg(test)]
mod tests {
    use pubsub_core::ErrorKind;

    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert!(NatsConfig::default().validate().is_ok());
    }

    #[test]
    fn credentials_of_a_url_are_decoded_and_hidden() {
        use secrecy::ExposeSecret as _;
        let config = NatsConfig::new("nats://us%40er:p%3Aw@h:1").unwrap();
        let Credentials::Password { user, password } = &config.credentials else { panic!("{config:?}") };
        assert_eq!((user.as_str(), password.expose_secret()), ("us@er", "p:w"));
        assert!(!format!("{config:?}").contains("p:w") && !format!("{config:?}").contains("us@er"));
    }

    #[test]
    fn options_of_a_url_are_fields() {
        let config = NatsConfig::new("nats://h?max_in_flight=7&max_in_flight_bytes=1MiB&name=x").unwrap();
        assert_eq!((config.max_in_flight, config.max_in_flight_bytes), (7, 1024 * 1024));
        assert_eq!((config.name.as_str(), &config.servers[..]), ("x", &["h".to_owned()][..]));
    }

    #[test]
    fn what_cannot_be_is_refused_by_field() {
        for (url, field) in [
            ("nats://h?max_in_flight=0", "max_in_flight"),
            ("nats://h?max_in_flight_bytes=0", "max_in_flight_bytes"),
            ("nats://h?connect_timeout=0s", "connect_timeout"),
            ("nats://h?inbox_prefix=a..b", "inbox_prefix"),
            ("nats://h?servers=x", "url"),
            ("nats://h/path", "url"),
            ("tls://h", "url"),
        ] {
            let error = NatsConfig::new(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}: {error}");
            assert_eq!(error.context("field"), Some(field), "{url}: {error}");
        }
    }

    #[test]
    fn an_unknown_option_is_refused_by_name() {
        let error = NatsConfig::new("nats://canary:canary@h?tiemout=1s").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("tiemout"), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
