//! When the connection is encrypted: [`TlsMode`], [`Discovery`], and the rule behind `auto`.

use std::net::IpAddr;

use serde::Deserialize;

use super::{NatsConfig, is_tls};

/// When the connection must be encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TlsMode {
    /// As [`Required`](Self::Required) if any server is written `tls://`, if `tls_first`, `ca` or `cert` is set, or if
    /// there are credentials and a server is not on this machine, or may name one that is not
    /// ([`Discovery::Follow`]); else as [`Optional`](Self::Optional).
    #[default]
    Auto,
    /// Nothing but the TLS handshake is sent in clear; a server without TLS is refused.
    Required,
    /// The server decides. Whoever controls the network can then read what is sent, credentials too.
    Optional,
}

/// Whether the addresses are used that a server tells of its cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Discovery {
    /// Ignored if there are credentials, unless `ca` is set or `tls` is `optional`: a server tells its addresses before
    /// the connection is encrypted, so whoever controls the network could name one that then gets the credentials.
    #[default]
    Auto,
    /// Used.
    Follow,
    /// Only the servers of the configuration are connected to.
    Ignore,
}

impl NatsConfig {
    /// Whether a connection without TLS is refused, by what [`TlsMode`] says.
    ///
    /// ```
    /// use pubsub_nats::NatsConfig;
    ///
    /// assert!(!NatsConfig::new("nats://nats.example.org")?.demands_tls());
    /// assert!(NatsConfig::new("nats://ride:s3cret@nats.example.org")?.demands_tls());
    /// assert!(!NatsConfig::new("nats://ride:s3cret@localhost")?.demands_tls());
    /// assert!(!NatsConfig::new("nats://ride:s3cret@nats.example.org?tls=optional")?.demands_tls());
    /// # Ok::<(), pubsub_core::Error>(())
    /// ```
    #[must_use]
    pub fn demands_tls(&self) -> bool {
        match self.tls {
            TlsMode::Required => true,
            TlsMode::Optional => false,
            TlsMode::Auto => {
                self.tls_first
                    || self.ca.is_some()
                    || self.cert.is_some()
                    || self.servers.iter().any(|entry| is_tls(entry))
                    || self.credentials_leave_this_machine()
            }
        }
    }

    /// Whether TLS is demanded only because credentials would travel in clear.
    pub(crate) fn credentials_leave_this_machine(&self) -> bool {
        // A server of this machine may name others.
        let stays = self.discovered_servers != Discovery::Follow
            && self.servers.iter().all(|entry| is_loopback(entry));
        !self.credentials.is_none() && !stays
    }

    pub(crate) fn follows_discovered_servers(&self) -> bool {
        match self.discovered_servers {
            Discovery::Follow => true,
            Discovery::Ignore => false,
            Discovery::Auto => {
                self.credentials.is_none() || self.ca.is_some() || self.tls == TlsMode::Optional
            }
        }
    }
}

fn is_loopback(entry: &str) -> bool {
    let host = entry.split_once("://").map_or(entry, |(_, host)| host).trim_end_matches('/');
    let host = match host.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    #[test]
    fn only_this_machine_is_loopback() {
        for entry in ["localhost", "LocalHost:4222", "127.0.0.1", "127.9.9.9:1", "[::1]:4222", "nats://[::1]"]
        {
            assert!(is_loopback(entry), "{entry}");
        }
        for entry in
            ["a", "localhost.example.org", "10.0.0.1:4222", "[::2]", "127.0.0.1.example.org", "nats://b"]
        {
            assert!(!is_loopback(entry), "{entry}");
        }
    }

    #[test]
    fn tls_is_demanded_where_a_secret_would_leave_this_machine() {
        let open = NatsConfig { servers: vec!["a:1".into()], ..NatsConfig::default() };
        assert!(!open.demands_tls());
        assert!(open.clone().with_credentials(Credentials::token("t")).demands_tls());
        assert!(open.clone().with_ca("ca.pem").demands_tls());
        assert!(open.clone().with_client_certificate("c.pem", "k.pem").demands_tls());
        assert!(open.clone().with_tls_first().demands_tls());
        assert!(open.clone().with_tls(TlsMode::Required).demands_tls());
        let encrypted = NatsConfig { servers: vec!["tls://a".into(), "b".into()], ..NatsConfig::default() };
        assert!(encrypted.demands_tls());
        // One server of two is elsewhere.
        let mixed = NatsConfig { servers: vec!["localhost".into(), "a".into()], ..NatsConfig::default() };
        assert!(mixed.with_credentials(Credentials::token("t")).demands_tls());
        let explicit = open.with_credentials(Credentials::token("t")).with_tls(TlsMode::Optional);
        assert!(!explicit.demands_tls());
    }

    #[test]
    fn tls_is_demanded_where_a_server_of_this_machine_may_name_others() {
        let local = NatsConfig::new("nats://user:secret@localhost").unwrap();
        assert!(!local.demands_tls());
        let follows = local.with_discovered_servers(Discovery::Follow);
        assert!(follows.demands_tls());
        assert!(!follows.clone().with_tls(TlsMode::Optional).demands_tls());
        assert!(!follows.with_credentials(Credentials::None).demands_tls());
    }

    #[test]
    fn whom_a_server_names_gets_no_credentials_unless_it_is_safe_or_asked_for() {
        let open = NatsConfig::default();
        assert!(open.follows_discovered_servers());
        let secret = open.with_credentials(Credentials::token("t"));
        assert!(!secret.follows_discovered_servers());
        assert!(secret.clone().with_ca("ca.pem").follows_discovered_servers());
        assert!(secret.clone().with_tls(TlsMode::Optional).follows_discovered_servers());
        assert!(secret.with_discovered_servers(Discovery::Follow).follows_discovered_servers());
    }
}
