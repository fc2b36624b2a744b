//! From a URL to a store: [`MemoryConnector`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pubsub_core::{Broker, ConnectUrl, Connector, Error, Result};

use crate::config::MemoryConfig;
use crate::server::MemoryServer;

/// Serves the scheme `memory`.
///
/// - `memory://` is a new store for each connection.
/// - `memory://NAME` is one store for each name: every connection made by this value (or a clone) shares it, and it
///   lives as long as this value.
/// - `memory://?snapshot=FILE` keeps the store in a file: read if it is there, written by each close.
/// - Options are the fields of [`MemoryConfig`]: `memory://?max_payload=8MiB`. A named store takes those of its first
///   connection; later ones give the same or none.
///
/// ```
/// use pubsub_core::{Client, Provision, Registry, StreamConfig};
/// use pubsub_memory::MemoryConnector;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> pubsub_core::Result<()> {
/// let registry = Registry::new().with(MemoryConnector::new());
/// let one = Client::connect("memory://rides", &registry).await?;
/// one.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
///
/// let other = Client::connect("memory://rides", &registry).await?;
/// assert_eq!(other.publish("ride.pickup", "r-17").await?.sequence, Some(1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryConnector {
    named: Arc<Mutex<BTreeMap<String, MemoryServer>>>,
}

impl MemoryConnector {
    /// A connector without stores.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn server(&self, url: &ConnectUrl) -> Result<MemoryServer> {
        refuse_foreign_parts(url)?;
        let config = url.options::<MemoryConfig>()?;
        let Some(name) = url.hosts().first() else {
            return MemoryServer::new(config);
        };
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(existing) = named.get(name) {
            let given = url.options::<BTreeMap<String, String>>()?;
            if !given.is_empty() && *existing.config() != config {
                return Err(Error::config(
                    "options",
                    format!("the store `{name}` exists with other options"),
                )
                .with_remedy("give the options of its first connection, or none"));
            }
            return Ok(existing.clone());
        }
        let server = MemoryServer::new(config)?;
        named.insert(name.clone(), server.clone());
        Ok(server)
    }
}

/// A URL has parts that mean nothing here; ignored they would mislead.
fn refuse_foreign_parts(url: &ConnectUrl) -> Result<()> {
    let refused = |field, message: &'static str| {
        Err(Error::config(field, message).with_remedy("write memory:// or memory://NAME"))
    };
    if url.user_info().is_some() {
        return refused("user", "a store in memory takes no credentials");
    }
    if url.hosts().len() > 1 {
        return refused("host", "a store in memory has one name");
    }
    if !matches!(url.path(), "" | "/") {
        return refused("path", "a store in memory has no path");
    }
    Ok(())
}

#[async_trait]
impl Connector for MemoryConnector {
    fn schemes(&self) -> &'static [&'static str] {
        &["memory"]
    }

    async fn connect(&self, url: &ConnectUrl) -> Result<Arc<dyn Broker>> {
        Ok(Arc::new(self.server(url)?.connect()))
    }
}

#[cfg(test)]
mod tests {
    use pubsub_core::ErrorKind;

    use super::*;

    fn server(connector: &MemoryConnector, url: &str) -> Result<MemoryServer> {
        connector.server(&ConnectUrl::parse(url).unwrap())
    }

    fn shares(one: &MemoryServer, other: &MemoryServer) -> bool {
        std::ptr::eq(one.config(), other.config())
    }

    #[test]
    fn a_name_is_one_store_and_no_name_a_new_one() {
        let connector = MemoryConnector::new();
        let named = server(&connector, "memory://rides").unwrap();
        assert!(shares(&named, &server(&connector.clone(), "memory://rides").unwrap()));
        assert!(!shares(&named, &server(&connector, "memory://other").unwrap()));
        assert!(!shares(&named, &server(&MemoryConnector::new(), "memory://rides").unwrap()));
        let private = server(&connector, "memory://").unwrap();
        assert!(!shares(&private, &server(&connector, "memory://").unwrap()));
    }

    #[test]
    fn options_are_the_fields_of_the_configuration() {
        let connector = MemoryConnector::new();
        let server =
            server(&connector, "memory://?max_payload=8MiB&max_waiting=7&server_version=2.12").unwrap();
        assert_eq!(server.config().server_version.to_string(), "2.12");
        assert_eq!(server.config().max_payload, 8 * 1024 * 1024);
        assert_eq!(server.config().max_waiting, 7);
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        let connector = MemoryConnector::new();
        for url in [
            "memory://?max_payloads=1",
            "memory://?max_waiting=0",
            "memory://?server_version=2.9",
            "memory://u:p@rides",
            "memory://a,b",
            "memory://a/b",
        ] {
            let error = server(&connector, url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            assert!(error.remedy().is_some(), "{url}");
        }
    }

    #[test]
    fn a_named_store_keeps_its_options() {
        let connector = MemoryConnector::new();
        server(&connector, "memory://rides?max_waiting=7").unwrap();
        assert!(server(&connector, "memory://rides").is_ok());
        assert!(server(&connector, "memory://rides?max_waiting=7").is_ok());
        assert_eq!(server(&connector, "memory://rides?max_waiting=8").unwrap_err().kind(), ErrorKind::Config);
    }
}
