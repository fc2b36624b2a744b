//! [`NatsClusterBuilder`]: what a test asks of its cluster.

use std::net::{Ipv4Addr, TcpListener};

use pubsub_core::{Error, ErrorKind, Result};
use tokio::task::spawn_blocking;

use super::NatsCluster;
use super::node::{Member, Node};
use crate::nats_server::{NatsServer, ServerBinary};

/// How often other ports are tried when one was taken by somebody else in between.
const TRIES: usize = 5;

/// Settings of a [`NatsCluster`]. Defaults: the binary that [`ServerBinary::find`] finds, no authentication.
///
/// ```
/// use pubsub_testkit::nats_cluster::NatsCluster;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> pubsub_core::Result<()> {
/// let cluster = NatsCluster::builder().config_text("max_payload: 64KB").start().await?;
/// # drop(cluster);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing runs until `start` is called"]
pub struct NatsClusterBuilder {
    binary: Option<ServerBinary>,
    config_text: String,
}

impl NatsClusterBuilder {
    /// Adds lines to the configuration file of every node. Called again, adds more. Names, addresses, ports, stores, the
    /// monitoring port and the `cluster` block are set already.
    pub fn config_text(mut self, lines: impl AsRef<str>) -> Self {
        self.config_text.push_str(lines.as_ref());
        self.config_text.push('\n');
        self
    }

    /// The binary to run, for tests of one certain version.
    pub fn binary(mut self, binary: ServerBinary) -> Self {
        self.binary = Some(binary);
        self
    }

    /// Starts the servers and waits until they are one healthy cluster.
    ///
    /// # Errors
    /// As [`NatsCluster::start`].
    ///
    /// # Cancel safety
    /// Dropped before completion, no server stays.
    pub async fn start(self) -> Result<NatsCluster> {
        let started = spawn_blocking(move || self.start_servers()).await.map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "starting the cluster ended early").with_source(cause)
        })?;
        let cluster = NatsCluster { members: started?.map(Member::new) };
        cluster.wait_until_healthy().await?;
        Ok(cluster)
    }

    fn start_servers(self) -> Result<[NatsServer; 3]> {
        let binary = match &self.binary {
            Some(binary) => binary.clone(),
            None => ServerBinary::find().map_err(|error| error.with_operation("start nats cluster"))?,
        };
        let mut tries = 0;
        loop {
            tries += 1;
            match self.start_on(&binary, free_ports()?) {
                // Most likely one of the ports was taken after it had been found free.
                Err(error) if error.kind() == ErrorKind::Unavailable && tries < TRIES => {}
                outcome => return outcome,
            }
        }
    }

    fn start_on(&self, binary: &ServerBinary, ports: [u16; 3]) -> Result<[NatsServer; 3]> {
        let routes = ports.map(|port| format!("\"nats://127.0.0.1:{port}\"")).join(", ");
        let start = |node: Node, port: u16| {
            let name = node.name();
            let lines = format!(
                "server_name: {name}\nhttp: \"127.0.0.1:-1\"\n\
                 cluster {{ name: test, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}\n{}",
                self.config_text
            );
            NatsServer::builder().binary(binary.clone()).config_text(lines).start()
        };
        let [a, b, c] = ports;
        Ok([start(Node::A, a)?, start(Node::B, b)?, start(Node::C, c)?])
    }
}

/// Three ports for the routes between the servers: these have to be known before the first one starts.
fn free_ports() -> Result<[u16; 3]> {
    let no_port = |cause: std::io::Error| {
        Error::new(ErrorKind::Unavailable, "no free port for a route")
            .with_operation("start nats cluster")
            .with_source(cause)
    };
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(no_port);
    // All are held until all are found, so that they differ.
    let [a, b, c] = [free()?, free()?, free()?];
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port()).map_err(no_port);
    Ok([port(&a)?, port(&b)?, port(&c)?])
}
