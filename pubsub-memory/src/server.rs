//! The store that lives as long as somebody holds it: [`MemoryServer`].

use std::sync::Arc;

use pubsub_core::Result;

use crate::broker::MemoryBroker;
use crate::config::MemoryConfig;
use crate::store::Store;

/// An in-process stand-in for a server: it keeps the streams, and any number of connections share them.
///
/// Streams, durable consumers and their positions survive a connection's close; nothing survives the last handle (this
/// value, its clones, its connections). Cloning is cheap; clones are the same server.
///
/// ```
/// use pubsub_core::{Broker, StreamConfig};
/// use pubsub_memory::{MemoryConfig, MemoryServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> pubsub_core::Result<()> {
/// let server = MemoryServer::new(MemoryConfig::default())?;
/// let first = server.connect();
/// # let Some(admin) = first.admin() else { return Ok(()) };
/// let stream = admin.create_stream(StreamConfig::new("RIDE", ["ride.>"])?).await?.config.name;
/// first.close().await?;
///
/// let second = server.connect();
/// # let Some(admin) = second.admin() else { return Ok(()) };
/// assert_eq!(admin.stream_info(&stream).await?.messages, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryServer {
    store: Arc<Store>,
}

impl MemoryServer {
    /// An empty store within these bounds. The wall clock is read here, once.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config) for a bound of 0.
    pub fn new(config: MemoryConfig) -> Result<Self> {
        config.validate()?;
        Ok(Self { store: Store::open(config) })
    }

    /// A new connection. Closing it does not touch the others, nor what is stored.
    #[must_use]
    pub fn connect(&self) -> MemoryBroker {
        MemoryBroker::new(Arc::clone(&self.store))
    }

    /// The bounds of this store.
    #[must_use]
    pub fn config(&self) -> &MemoryConfig {
        &self.store.config
    }

    /// How many plain messages were dropped because a listener had no room for them, since the start. Each listener is told
    /// of its own as well.
    #[must_use]
    pub fn missed_by_listeners(&self) -> u64 {
        self.store.listeners.missed()
    }

    pub(crate) fn of(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl Default for MemoryServer {
    /// An empty store with the default bounds.
    fn default() -> Self {
        Self { store: Store::open(MemoryConfig::default()) }
    }
}

impl std::fmt::Debug for MemoryServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryServer")
            .field("config", self.config())
            .field("streams", &self.store.streams().len())
            .finish()
    }
}
