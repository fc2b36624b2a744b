//! One server of a cluster: [`Node`] by name, [`Member`] as it runs.

use std::fmt::{self, Display, Formatter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pubsub_core::{Error, ErrorKind, Result};
use tokio::task::spawn_blocking;

use crate::nats_server::{NatsServer, ServerVersion};

/// One of the three servers of a [`NatsCluster`](super::NatsCluster).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// The first.
    A,
    /// The second.
    B,
    /// The third.
    C,
}

impl Node {
    /// All three.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// What the server is called (`server_name`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
        }
    }

    pub(super) fn called(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|node| node.name() == name)
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.name())
    }
}

/// How a node's process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Running,
    Frozen,
    Gone,
}

/// A node as it runs.
#[derive(Debug)]
pub(super) struct Member {
    server: Arc<Mutex<Kept>>,
}

#[derive(Debug)]
struct Kept {
    server: NatsServer,
    frozen: bool,
    /// It ends by itself, sooner or later.
    leaving: bool,
}

impl Member {
    pub(super) fn new(server: NatsServer) -> Self {
        Self { server: Arc::new(Mutex::new(Kept { server, frozen: false, leaving: false })) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn port(&self) -> u16 {
        self.kept().server.port()
    }

    pub(super) fn monitoring_port(&self) -> Option<u16> {
        self.kept().server.monitoring_port()
    }

    pub(super) fn version(&self) -> ServerVersion {
        self.kept().server.version()
    }

    pub(super) fn log_tail(&self, lines: usize) -> Vec<String> {
        self.kept().server.log_tail(lines)
    }

    pub(super) fn standing(&self) -> Standing {
        let kept = self.kept();
        match kept.server.pid() {
            None => Standing::Gone,
            Some(_) if kept.leaving => Standing::Gone,
            Some(_) if kept.frozen => Standing::Frozen,
            Some(_) => Standing::Running,
        }
    }

    pub(super) fn lame_duck(&self) {
        let mut kept = self.kept();
        kept.server.lame_duck();
        kept.leaving = true;
    }

    pub(super) fn freeze(&self) {
        let mut kept = self.kept();
        kept.server.freeze();
        kept.frozen = true;
    }

    pub(super) fn thaw(&self) {
        let mut kept = self.kept();
        kept.server.thaw();
        kept.frozen = false;
    }

    pub(super) async fn kill(&self) -> Result<()> {
        self.on_a_blocking_thread(NatsServer::kill).await
    }

    pub(super) async fn stop(&self) -> Result<()> {
        self.on_a_blocking_thread(NatsServer::stop).await
    }

    pub(super) async fn restart(&self) -> Result<()> {
        self.on_a_blocking_thread(NatsServer::restart).await
    }

    /// Each of these ends the process that may have been frozen.
    async fn on_a_blocking_thread(&self, work: fn(&mut NatsServer) -> Result<()>) -> Result<()> {
        let server = Arc::clone(&self.server);
        let done = spawn_blocking(move || {
            let mut kept = server.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = work(&mut kept.server);
            kept.frozen &= outcome.is_err();
            kept.leaving &= outcome.is_err();
            outcome
        });
        done.await.unwrap_or_else(|cause| {
            Err(Error::new(ErrorKind::Unexpected, "the work on a node ended early").with_source(cause))
        })
    }
}
