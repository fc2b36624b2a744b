//! Three nats-servers that form one cluster, for one test: [`NatsCluster`].

mod builder;
mod leaders;
mod monitor;
mod node;
mod state;

#[cfg(test)]
mod tests;

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use pubsub_core::{ConsumerName, Error, ErrorKind, Result, StreamName};
use tokio::time::{Instant, sleep};

pub use builder::NatsClusterBuilder;
pub use node::Node;

use crate::nats_server::ServerVersion;
use node::{Member, Standing};
use state::State;

/// How long the cluster may take to come to what is waited for. It takes about a second; this is for machines that are
/// busy.
const DEADLINE: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(25);

/// A running cluster of three nats-servers with JetStream, on loopback, that belongs to one test.
///
/// Streams and consumers with three replicas survive one node. Each [`Node`] can be killed, frozen and restarted; the
/// leader of a stream or of a consumer can be found and killed; the majority can be lost and got back. Ports and stores
/// stay over restarts. What waits for the cluster waits at most 60 s, and then says what it saw last.
///
/// All methods take `&self`, so that a task can do harm while the test goes on. They wait on tokio's clock, which must
/// not be paused; starting and ending processes happens on tokio's threads for blocking work. Like a
/// [`NatsServer`](crate::nats_server::NatsServer), the nodes and their folders are gone when the value is dropped or the
/// test process dies.
///
/// Measured on nats-server 2.15.1, two cores: healthy 0.6 to 1.5 s after the start; a stream has a new leader 1 to 7 s
/// after its leader was killed.
///
/// ```
/// use pubsub_testkit::nats_cluster::{NatsCluster, Node};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> pubsub_core::Result<()> {
/// let cluster = NatsCluster::start().await?;
/// assert!(cluster.url().starts_with("nats://127.0.0.1:"));
///
/// cluster.kill(Node::B).await?;
/// assert!(!cluster.is_running(Node::B));
/// cluster.restore().await?;
/// assert!(cluster.is_running(Node::B));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NatsCluster {
    members: [Member; 3],
}

impl NatsCluster {
    /// Starts three servers and waits until they are one healthy cluster.
    ///
    /// # Errors
    /// As [`NatsServer::start`](crate::nats_server::NatsServer::start), and `Timeout` if the cluster is not healthy within
    /// 60 s.
    ///
    /// # Cancel safety
    /// Dropped before completion, no server stays.
    pub async fn start() -> Result<Self> {
        Self::builder().start().await
    }

    /// A cluster with settings of its own.
    pub fn builder() -> NatsClusterBuilder {
        NatsClusterBuilder::default()
    }

    /// Where clients connect: all three, `nats://127.0.0.1:A,127.0.0.1:B,127.0.0.1:C`. The same over restarts.
    #[must_use]
    pub fn url(&self) -> String {
        let [a, b, c] = Node::ALL.map(|node| format!("127.0.0.1:{}", self.port(node)));
        format!("nats://{a},{b},{c}")
    }

    /// Where clients connect to one node.
    #[must_use]
    pub fn url_of(&self, node: Node) -> String {
        format!("nats://127.0.0.1:{}", self.port(node))
    }

    /// The port that clients of this node connect to. The same over restarts.
    #[must_use]
    pub fn port(&self, node: Node) -> u16 {
        self.member(node).port()
    }

    /// The servers' version.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.member(Node::A).version()
    }

    /// Whether the node's process is there and not frozen.
    #[must_use]
    pub fn is_running(&self, node: Node) -> bool {
        self.member(node).standing() == Standing::Running
    }

    /// The last lines of a node's log, oldest first.
    #[must_use]
    pub fn log_tail(&self, node: Node, lines: usize) -> Vec<String> {
        self.member(node).log_tail(lines)
    }

    /// Kills a node (SIGKILL), as a crash does. One that is gone already is left alone.
    ///
    /// # Errors
    /// `Timeout` if the process is still there 5 s later.
    ///
    /// # Cancel safety
    /// Dropped before completion, the node is killed all the same.
    pub async fn kill(&self, node: Node) -> Result<()> {
        self.member(node).kill().await
    }

    /// Ends a node in good order (SIGTERM): it gives up what it leads, then goes.
    ///
    /// # Errors
    /// As [`kill`](Self::kill).
    ///
    /// # Cancel safety
    /// Dropped before completion, the node is stopped all the same.
    pub async fn stop(&self, node: Node) -> Result<()> {
        self.member(node).stop().await
    }

    /// Lets a node go into lame duck mode (SIGUSR2): it gives up what it leads, takes no connection any more, tells its clients to
    /// go elsewhere, and ends after a while. [`restart`](Self::restart) brings it back.
    pub fn lame_duck(&self, node: Node) {
        self.member(node).lame_duck();
    }

    /// Freezes a node (SIGSTOP): its connections stay open and nothing answers, until [`thaw`](Self::thaw).
    pub fn freeze(&self, node: Node) {
        self.member(node).freeze();
    }

    /// Lets a frozen node go on. One that is not frozen is left alone.
    pub fn thaw(&self, node: Node) {
        self.member(node).thaw();
    }

    /// Stops a node if it runs and starts it again on the same ports and store. Returns when it takes connections; it may
    /// take longer until it has caught up: see [`wait_until_healthy`](Self::wait_until_healthy).
    ///
    /// # Errors
    /// As [`NatsServer::restart`](crate::nats_server::NatsServer::restart).
    ///
    /// # Cancel safety
    /// Dropped before completion, the restart goes on.
    pub async fn restart(&self, node: Node) -> Result<()> {
        self.member(node).restart().await
    }

    /// Kills two of three: nothing with replicas can be read, published or settled any more. The one that is left is
    /// returned. [`restore`](Self::restore) brings the others back.
    ///
    /// # Errors
    /// As [`kill`](Self::kill).
    ///
    /// # Cancel safety
    /// Dropped before completion, one or both may be killed.
    pub async fn lose_majority(&self) -> Result<Node> {
        for node in [Node::A, Node::B] {
            self.kill(node).await?;
        }
        Ok(Node::C)
    }

    /// Thaws and restarts whatever is not running, and waits until the cluster is healthy.
    ///
    /// # Errors
    /// As [`restart`](Self::restart) and [`wait_until_healthy`](Self::wait_until_healthy).
    ///
    /// # Cancel safety
    /// Dropped before completion, some nodes may be back; call it again.
    pub async fn restore(&self) -> Result<()> {
        for node in Node::ALL {
            match self.member(node).standing() {
                Standing::Running => {}
                Standing::Frozen => self.thaw(node),
                Standing::Gone => self.restart(node).await?,
            }
        }
        self.wait_until_healthy().await
    }

    /// Waits until all three run, agree on one leader of the cluster, and say of themselves (`/healthz`) that they have
    /// caught up with every stream and consumer.
    ///
    /// # Errors
    /// `Timeout` after 60 s, with what was still missing.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn wait_until_healthy(&self) -> Result<()> {
        self.until(|| self.is_healthy().boxed()).await
    }

    /// The node that leads the cluster itself, as the running nodes agree.
    ///
    /// # Errors
    /// `Timeout` if they agree on none within 60 s.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn cluster_leader(&self) -> Result<Node> {
        self.until(|| async { leaders::of_the_cluster(&self.states().await) }.boxed()).await
    }

    /// The node that leads a stream. It says so itself, so it is not yesterday's.
    ///
    /// # Errors
    /// `Timeout` if the stream has no leader within 60 s, as one that does not exist.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn stream_leader(&self, stream: &StreamName) -> Result<Node> {
        let error = |error: Error| error.with_context("stream", stream);
        self.until(|| async { leaders::of_stream(&self.states().await, stream) }.boxed()).await.map_err(error)
    }

    /// The node that leads a consumer.
    ///
    /// # Errors
    /// `Timeout` if the consumer has no leader within 60 s, as one that does not exist.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn consumer_leader(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Node> {
        let error = |error: Error| error.with_context("stream", stream).with_context("consumer", consumer);
        self.until(|| async { leaders::of_consumer(&self.states().await, stream, consumer) }.boxed())
            .await
            .map_err(error)
    }

    /// Finds and kills the leader of a stream, and returns it.
    ///
    /// # Errors
    /// As [`stream_leader`](Self::stream_leader) and [`kill`](Self::kill).
    ///
    /// # Cancel safety
    /// Dropped before completion, the leader may be killed.
    pub async fn kill_stream_leader(&self, stream: &StreamName) -> Result<Node> {
        let leader = self.stream_leader(stream).await?;
        self.kill(leader).await?;
        Ok(leader)
    }

    /// Finds and kills the leader of a consumer, and returns it.
    ///
    /// # Errors
    /// As [`consumer_leader`](Self::consumer_leader) and [`kill`](Self::kill).
    ///
    /// # Cancel safety
    /// Dropped before completion, the leader may be killed.
    pub async fn kill_consumer_leader(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Node> {
        let leader = self.consumer_leader(stream, consumer).await?;
        self.kill(leader).await?;
        Ok(leader)
    }

    /// Finds and freezes the leader of a stream, and returns it.
    ///
    /// # Errors
    /// As [`stream_leader`](Self::stream_leader).
    ///
    /// # Cancel safety
    /// Dropped before completion, the leader may be frozen.
    pub async fn freeze_stream_leader(&self, stream: &StreamName) -> Result<Node> {
        let leader = self.stream_leader(stream).await?;
        self.freeze(leader);
        Ok(leader)
    }

    fn member(&self, node: Node) -> &Member {
        let [a, b, c] = &self.members;
        match node {
            Node::A => a,
            Node::B => b,
            Node::C => c,
        }
    }

    /// What each running node tells of itself; nothing of one that does not answer.
    async fn states(&self) -> Vec<(Node, State)> {
        let mut states = Vec::new();
        for node in Node::ALL {
            let member = self.member(node);
            if member.standing() == Standing::Running
                && let Some(state) = monitor::state(member.monitoring_port()).await
            {
                states.push((node, state));
            }
        }
        states
    }

    async fn is_healthy(&self) -> Result<(), String> {
        for node in Node::ALL {
            let member = self.member(node);
            if member.standing() != Standing::Running {
                return Err(format!("{node} is not running"));
            }
            monitor::health(member.monitoring_port()).await.map_err(|words| format!("{node}: {words}"))?;
        }
        leaders::all_current(&self.states().await)
    }

    /// Waits until the answer is there. A missing one says why.
    async fn until<'a, T>(
        &'a self,
        answer: impl Fn() -> BoxFuture<'a, Result<T, String>> + Send + Sync,
    ) -> Result<T> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let missing = match answer().await {
                Ok(answer) => return Ok(answer),
                Err(missing) => missing,
            };
            if Instant::now() >= deadline {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    "the cluster did not come to what was waited for within 60 s",
                )
                .with_operation("wait for cluster")
                .with_context("last", missing));
            }
            sleep(POLL).await;
        }
    }
}
