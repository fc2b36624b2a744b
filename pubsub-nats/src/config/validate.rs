//! What a configuration cannot be.

use std::time::Duration;

use pubsub_core::{Error, Result};

use super::{NatsConfig, TlsMode, address, is_tls};

/// The table of those who wait for an answer has this many places.
const MAX_IN_FLIGHT: usize = 500_000;
/// Bytes are counted by a semaphore that takes 32 bits at once.
const MAX_IN_FLIGHT_BYTES: u64 = u32::MAX as u64;
/// What tokio's clock can add to any instant.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

impl NatsConfig {
    /// Checks the ranges, and that nothing contradicts. [`NatsBroker::connect`](crate::NatsBroker::connect) calls it
    /// first.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config), with the field.
    pub fn validate(&self) -> Result<()> {
        if self.servers.is_empty() {
            return Err(Error::config("servers", "there is no server").with_remedy("name at least one"));
        }
        self.servers.iter().try_for_each(|entry| address(entry).map(drop))?;
        self.check_tls()?;
        check_subject("inbox_prefix", &self.inbox_prefix, "_INBOX_rides")?;
        self.check_interface()?;
        if self.name.chars().any(char::is_control) {
            return Err(Error::config("name", "a name cannot contain control characters")
                .with_remedy("write letters, digits and signs"));
        }
        self.check_times()?;
        self.check_window()
    }

    fn check_tls(&self) -> Result<()> {
        if self.cert.is_some() != self.key.is_some() {
            let missing = if self.cert.is_some() { "key" } else { "cert" };
            return Err(Error::config(missing, "a client certificate and its key go together")
                .with_remedy("set both `cert` and `key`"));
        }
        let demanded = self.tls_first || self.servers.iter().any(|entry| is_tls(entry));
        if self.tls == TlsMode::Optional && demanded {
            return Err(Error::config("tls", "`optional` contradicts `tls://` and `tls_first`")
                .with_remedy("leave `tls` out, or write `nats://` and no `tls_first`"));
        }
        Ok(())
    }

    fn check_interface(&self) -> Result<()> {
        if let Some(prefix) = &self.api_prefix {
            check_subject("api_prefix", prefix, "$JS.API")?;
        }
        let Some(domain) = &self.domain else { return Ok(()) };
        if self.api_prefix.is_some() {
            return Err(Error::config("domain", "`domain` and `api_prefix` say the same thing twice")
                .with_remedy("set one of them"));
        }
        if domain.contains('.') {
            return Err(Error::config("domain", "a domain has no dot").with_remedy("write one word"));
        }
        check_subject("domain", domain, "hub")
    }

    fn check_times(&self) -> Result<()> {
        for (field, time) in [
            ("connect_timeout", self.connect_timeout),
            ("request_timeout", self.request_timeout),
            ("publish_timeout", self.publish_timeout),
            ("close_timeout", self.close_timeout),
            ("ping_interval", self.ping_interval),
            ("reconnect_delay", self.reconnect_delay),
            ("reconnect_max_delay", self.reconnect_max_delay),
        ] {
            if time.is_zero() {
                return Err(Error::config(field, "a time of zero lets nothing happen")
                    .with_remedy("write a duration such as \"5s\""));
            }
            if time > LONGEST {
                return Err(Error::config(field, "a time of more than a year is not meant")
                    .with_remedy("write a duration such as \"5s\""));
            }
        }
        if self.reconnect_max_delay < self.reconnect_delay {
            return Err(Error::config("reconnect_max_delay", "it is shorter than `reconnect_delay`")
                .with_remedy("swap them"));
        }
        Ok(())
    }

    fn check_window(&self) -> Result<()> {
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

fn check_subject(field: &'static str, prefix: &str, example: &str) -> Result<()> {
    let sound = prefix.len() <= 256
        && prefix.split('.').all(|token| {
            !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '*' | '>'))
        });
    if sound {
        return Ok(());
    }
    Err(Error::config(field, "it is not a subject of visible ASCII without wildcards")
        .with_remedy(format!("write something like `{example}`")))
}
