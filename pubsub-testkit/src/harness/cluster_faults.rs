//! Faults of three nats-servers that form a cluster.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{Broker, ConnectUrl, Connector, Error, ErrorKind, Result};

use super::store_faults::{StoreFault, StoreFaults, not_here};
use crate::nats_cluster::{NatsCluster, Node};

/// A cluster of its own, apart from the harness's one server.
pub(super) struct ClusterFaults {
    cluster: NatsCluster,
    connector: Arc<dyn Connector>,
}

impl ClusterFaults {
    pub(super) fn of(cluster: NatsCluster, connector: Arc<dyn Connector>) -> Self {
        Self { cluster, connector }
    }

    /// The one that leads the only stream that there is.
    async fn leader(&self) -> Result<Node> {
        let broker = self.connect().await?;
        let admin = broker.admin().ok_or_else(|| Error::unsupported("list"))?;
        let stream = admin.list_streams().await?.into_iter().next();
        broker.close().await?;
        let stream = stream.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the cluster has no stream whose leader could go")
        })?;
        self.cluster.stream_leader(&stream.config.name).await
    }
}

impl Debug for ClusterFaults {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterFaults").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl StoreFaults for ClusterFaults {
    fn can(&self, fault: StoreFault) -> bool {
        fault == StoreFault::LeaderLost
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        self.connector.connect(&ConnectUrl::parse(&self.cluster.url())?).await
    }

    async fn inject(&self, fault: StoreFault) -> Result<()> {
        if !self.can(fault) {
            return Err(not_here(fault));
        }
        let leader = self.leader().await?;
        self.cluster.kill(leader).await
    }

    async fn heal(&self) -> Result<()> {
        self.cluster.restore().await
    }

    fn is_apart(&self) -> bool {
        false
    }

    fn tried(&self) -> Option<u64> {
        None
    }
}
