//! A real nats-server as a harness: [`NatsHarness`].

use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Broker, ConnectUrl, Connector, Result};

use super::under_construction::UNDER_CONSTRUCTION;
use super::{Clock, Harness};
use crate::expected::Expected;
use crate::nats_server::{NatsServer, monitoring};

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
    expected: Expected,
}

impl<C: Connector> NatsHarness<C> {
    /// Starts a server with JetStream and its monitoring interface, over which its connections are counted.
    ///
    /// # Errors
    /// As [`NatsServer::start`].
    pub fn start(connector: C) -> Result<Self> {
        Ok(Self::new(NatsServer::builder().config_text(Self::MONITORING).start()?, connector))
    }

    /// The line of the configuration that turns the monitoring interface on, for servers that are given.
    pub const MONITORING: &'static str = "http: \"127.0.0.1:-1\"";

    /// Takes a server that runs, for one of a certain version or configuration. It has to be empty. Connections that stay
    /// open are only noticed if its configuration has [`MONITORING`](Self::MONITORING).
    #[must_use]
    pub fn new(server: NatsServer, connector: C) -> Self {
        let expected = Expected::all().perhaps_without(UNDER_CONSTRUCTION.iter().copied());
        Self { server, connector, expected }
    }

    /// Declares which cases are not meant to run, for an older server. By default all are.
    #[must_use]
    pub fn expecting(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
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

    fn expected(&self) -> Expected {
        self.expected.clone()
    }

    async fn open_connections(&self) -> Option<usize> {
        let (_, body) = monitoring::get(self.server.monitoring_port()?, "/connz?limit=1").await?;
        let told: serde_json::Value = serde_json::from_str(&body).ok()?;
        usize::try_from(told.get("total")?.as_u64()?).ok()
    }
}
