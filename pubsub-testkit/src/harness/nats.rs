//! A real nats-server as a harness: [`NatsHarness`].

use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Broker, ConnectUrl, Connector, Result};

use super::{Clock, Harness};
use crate::nats_server::NatsServer;

/// A nats-server of its own, reached through the connector under test, so that this crate needs no NATS client.
///
/// [`suite!`](crate::suite) takes what [`start`](Self::start) gives as it is:
///
/// ```
/// use pubsub_core::{Connector, Result};
/// use pubsub_testkit::{Harness, NatsHarness};
///
/// fn harness(connector: impl Connector) -> Result<impl Harness> {
///     NatsHarness::start(connector)
/// }
/// ```
#[derive(Debug)]
pub struct NatsHarness<C> {
    server: NatsServer,
    connector: C,
}

impl<C: Connector> NatsHarness<C> {
    /// Starts a server with JetStream.
    ///
    /// # Errors
    /// As [`NatsServer::start`].
    pub fn start(connector: C) -> Result<Self> {
        Ok(Self::new(NatsServer::start()?, connector))
    }

    /// Takes a server that runs, for one of a certain version or configuration. It has to be empty.
    #[must_use]
    pub fn new(server: NatsServer, connector: C) -> Self {
        Self { server, connector }
    }
}

#[async_trait]
impl<C: Connector> Harness for NatsHarness<C> {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn clock(&self) -> Clock {
        Clock::Real
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        self.connector.connect(&ConnectUrl::parse(self.server.url())?).await
    }

    fn server(&self) -> Option<String> {
        Some(format!("nats-server {}", self.server.version()))
    }
}
