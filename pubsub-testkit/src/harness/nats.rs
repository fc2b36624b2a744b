//! A real nats-server as a harness: [`NatsHarness`].

use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pubsub_core::{Broker, Capability, ConnectUrl, Connector, Result};

use super::cluster_faults::ClusterFaults;
use super::nats_faults::{NatsFaults, SharedServer, lock};
use super::store_faults::StoreFaults;
use super::{Clock, Harness};
use crate::expected::Expected;
use crate::nats_cluster::NatsCluster;
use crate::nats_server::{NatsServer, ServerBinary, monitoring};

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
pub struct NatsHarness<C> {
    server: SharedServer,
    connector: Arc<C>,
    expected: Expected,
}

impl<C> Debug for NatsHarness<C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsHarness").field("server", &self.server).finish_non_exhaustive()
    }
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
    /// open are only noticed if its configuration has [`MONITORING`](Self::MONITORING). A case in which the server refuses
    /// every client replaces its configuration's lines, and puts back no other line than that one.
    #[must_use]
    pub fn new(server: NatsServer, connector: C) -> Self {
        let version = server.version();
        let lacks = Capability::ALL.iter().filter(|has| !version.has(**has));
        // The clock of a server is that of its machine.
        let expected = Expected::without(lacks.copied()).with_faults().skipping(["H9"]);
        let expected = expected.skipping_without_features();
        Self { server: Arc::new(Mutex::new(server)), connector: Arc::new(connector), expected }
    }

    fn connector(&self) -> Arc<dyn Connector> {
        Arc::<C>::clone(&self.connector)
    }

    /// Declares which cases are not meant to run. By default those of which the server's version has the features do.
    #[must_use]
    pub fn expecting(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<C: Connector> Harness for NatsHarness<C> {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn clock(&self) -> Clock {
        Clock::Real
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        let url = lock(&self.server).url().to_owned();
        self.connector.connect(&ConnectUrl::parse(&url)?).await
    }

    fn server(&self) -> Option<String> {
        Some(format!("nats-server {}", lock(&self.server).version()))
    }

    fn expected(&self) -> Expected {
        self.expected.clone()
    }

    async fn open_connections(&self) -> Option<usize> {
        let port = lock(&self.server).monitoring_port()?;
        let (_, body) = monitoring::get(port, "/connz?limit=1").await?;
        let told: serde_json::Value = serde_json::from_str(&body).ok()?;
        usize::try_from(told.get("total")?.as_u64()?).ok()
    }

    async fn faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        let faults = NatsFaults::of(Arc::clone(&self.server), self.connector(), Self::MONITORING).await?;
        Ok(Some(Arc::new(faults)))
    }

    async fn cluster_faults(&self) -> Result<Option<Arc<dyn StoreFaults>>> {
        let binary: ServerBinary = lock(&self.server).binary().clone();
        let cluster = NatsCluster::builder().binary(binary).start().await?;
        Ok(Some(Arc::new(ClusterFaults::of(cluster, self.connector()))))
    }
}
