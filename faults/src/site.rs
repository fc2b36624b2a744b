//! The servers of one run, and the wires to them: [`Site`].

use pubsub_core::StreamName;
use pubsub_testkit::fault_proxy::FaultProxy;
use pubsub_testkit::nats_cluster::{NatsCluster, Node};
use pubsub_testkit::nats_server::NatsServer;

use crate::Result;

/// What a scenario needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One server.
    Server,
    /// One server, and a proxy between it and the load.
    Wire,
    /// Three servers; the load knows all of them.
    Cluster,
    /// Three servers; the load is given the first one, and learns of the others.
    ClusterByOne,
    /// Three servers with a proxy in front of each; the load knows the proxies only.
    ClusterWires,
}

/// What runs, on loopback; all of it ends with the value.
pub(crate) struct Site {
    kind: Kind,
    servers: Servers,
    wires: Vec<FaultProxy>,
}

enum Servers {
    One(NatsServer),
    Three(NatsCluster),
}

impl Site {
    pub(crate) async fn start(kind: Kind) -> Result<Self> {
        let (servers, wires) = match kind {
            Kind::Server => (Servers::One(NatsServer::start()?), Vec::new()),
            Kind::Wire => {
                let server = NatsServer::start()?;
                let wire = FaultProxy::in_front_of(&server).await?;
                (Servers::One(server), vec![wire])
            }
            Kind::Cluster | Kind::ClusterByOne => (Servers::Three(NatsCluster::start().await?), Vec::new()),
            Kind::ClusterWires => {
                let cluster = NatsCluster::start().await?;
                let mut wires = Vec::new();
                for node in Node::ALL {
                    wires.push(FaultProxy::start(([127, 0, 0, 1], cluster.port(node)).into()).await?);
                }
                (Servers::Three(cluster), wires)
            }
        };
        Ok(Self { kind, servers, wires })
    }

    /// Where the load connects.
    pub(crate) fn url(&self) -> String {
        if !self.wires.is_empty() {
            let addresses: Vec<_> = self.wires.iter().map(|wire| wire.address().to_string()).collect();
            return format!("nats://{}", addresses.join(","));
        }
        match &self.servers {
            Servers::Three(cluster) if self.kind == Kind::ClusterByOne => cluster.url_of(Node::A),
            _ => self.direct_url(),
        }
    }

    /// Where whoever prepares and judges connects: past all proxies.
    pub(crate) fn direct_url(&self) -> String {
        match &self.servers {
            Servers::One(server) => server.url().to_owned(),
            Servers::Three(cluster) => cluster.url(),
        }
    }

    /// Whether the addresses that servers tell lead past the proxies.
    pub(crate) fn hides_addresses(&self) -> bool {
        !self.wires.is_empty()
    }

    pub(crate) fn replicas(&self) -> u8 {
        match self.servers {
            Servers::One(_) => 1,
            Servers::Three(_) => 3,
        }
    }

    pub(crate) fn version(&self) -> String {
        match &self.servers {
            Servers::One(server) => server.version().to_string(),
            Servers::Three(cluster) => cluster.version().to_string(),
        }
    }

    pub(crate) fn server(&mut self) -> Result<&mut NatsServer> {
        match &mut self.servers {
            Servers::One(server) => Ok(server),
            Servers::Three(_) => Err("this scenario has three servers".into()),
        }
    }

    pub(crate) fn cluster(&self) -> Result<&NatsCluster> {
        match &self.servers {
            Servers::Three(cluster) => Ok(cluster),
            Servers::One(_) => Err("this scenario has one server".into()),
        }
    }

    pub(crate) fn wires(&self) -> &[FaultProxy] {
        &self.wires
    }

    /// Whether everything is well again, so that what is stored can be read.
    pub(crate) async fn heal(&mut self) -> Result<()> {
        self.wires.iter().for_each(FaultProxy::resume);
        match &mut self.servers {
            Servers::One(server) => {
                server.thaw();
                if server.pid().is_none() {
                    tokio::task::block_in_place(|| server.restart())?;
                }
            }
            Servers::Three(cluster) => {
                cluster.restore().await?;
                cluster.stream_leader(&stream()).await?;
            }
        }
        Ok(())
    }
}

/// The one stream of every run.
pub(crate) fn stream() -> StreamName {
    #[expect(clippy::expect_used, reason = "a constant")]
    StreamName::new("FAULTS").expect("it is a name")
}
