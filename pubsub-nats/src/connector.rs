//! From a URL to a broker: [`NatsConnector`].

use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::config::ConnectUrl;
use pubsub_core::{Broker, Connector, Result};

use crate::config::SCHEMES;
use crate::{NatsBroker, NatsConfig};

/// Serves URLs such as `nats://user:password@host:4222`, as [`NatsConfig::new`] reads them.
///
/// ```
/// use pubsub_core::Registry;
/// use pubsub_nats::NatsConnector;
///
/// let registry = Registry::new().with(NatsConnector);
/// assert_eq!(registry.schemes().collect::<Vec<_>>(), ["nats", "tls"]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NatsConnector;

#[async_trait]
impl Connector for NatsConnector {
    fn schemes(&self) -> &'static [&'static str] {
        SCHEMES
    }

    async fn connect(&self, url: &ConnectUrl) -> Result<Arc<dyn Broker>> {
        let config = NatsConfig::from_url(url)?;
        Ok(Arc::new(NatsBroker::connect(config).await?))
    }
}
