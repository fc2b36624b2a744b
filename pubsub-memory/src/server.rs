//! The store that lives as long as somebody holds it: [`MemoryServer`].

use std::path::Path;
use std::sync::Arc;

use pubsub_core::{Error, ErrorKind, Result};

use crate::broker::MemoryBroker;
use crate::config::MemoryConfig;
use crate::snapshot;
use crate::store::Store;

/// An in-process stand-in for a server: it keeps the streams, and any number of connections share them.
///
/// Streams, durable consumers and their positions survive a connection's close; nothing survives the last handle (this
/// value, its clones, its connections) but what was [saved](MemoryServer::save). Cloning is cheap; clones are the same
/// server.
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
    /// A store within these bounds: what the configuration's [`snapshot`](MemoryConfig::snapshot) holds, or an empty one.
    /// The wall clock is read here, once. With a snapshot, the call blocks its thread while it reads.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config) for a bound of 0; with a snapshot, as
    /// [`restore`](Self::restore), but for a file that is not there in a folder that is.
    pub fn new(config: MemoryConfig) -> Result<Self> {
        config.validate()?;
        let kept = match &config.snapshot {
            Some(path) => snapshot::load_if_there(path, &config)?,
            None => None,
        };
        Ok(Self { store: kept.unwrap_or_else(|| Store::open(config)) })
    }

    /// Writes everything that this server keeps to a file, in place of what was in it: streams, messages, the ids of the
    /// duplicate windows, times to live, schedules, and consumers with their position, their unsettled deliveries and their
    /// pauses. A consumer's messages in the buffers of subscriptions count as delivered.
    ///
    /// Each stream is taken as it is at one moment, one stream after the other. The file is written beside, forced to the
    /// disk and put in the place of the old one, which stays whole until then. It can be read by its owner only. The call
    /// blocks its thread while it writes.
    ///
    /// ```
    /// use pubsub_core::{Broker, PublisherExt, StreamConfig};
    /// use pubsub_memory::{MemoryConfig, MemoryServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> pubsub_core::Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("pubsub-doc-{}", std::process::id()));
    /// # let _ = std::fs::create_dir(&folder);
    /// let file = folder.join("rides.snapshot");
    /// let server = MemoryServer::default();
    /// let broker = server.connect();
    /// # let Some(admin) = broker.admin() else { return Ok(()) };
    /// let stream = admin.create_stream(StreamConfig::new("RIDE", ["ride.>"])?).await?.config.name;
    /// broker.publisher().publish("ride.pickup", "r-17").await?;
    /// server.save(&file)?;
    ///
    /// let again = MemoryServer::restore(&file, MemoryConfig::default())?.connect();
    /// # let Some(admin) = again.admin() else { return Ok(()) };
    /// assert_eq!(admin.stream_info(&stream).await?.messages, 1);
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](pubsub_core::ErrorKind::NotFound) if there is no such folder,
    /// [`ErrorKind::PermissionDenied`](pubsub_core::ErrorKind::PermissionDenied), or
    /// [`ErrorKind::Unavailable`](pubsub_core::ErrorKind::Unavailable) for what else the disk refuses. The old file is
    /// whole then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        snapshot::save(&self.store, path.as_ref())
    }

    /// The server that a file keeps, within these bounds. Ack waits, ages, times to live, delays, pauses and schedules have
    /// gone on by the wall clock meanwhile; should that be behind the time of the snapshot, none of it has passed. A
    /// schedule whose times have passed fires once. An ephemeral consumer has its whole inactive threshold anew. What the
    /// bounds would refuse is restored all the same. The call blocks its thread while it reads.
    ///
    /// A file that is torn, damaged, foreign or of another version is refused and left as it is.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](pubsub_core::ErrorKind::NotFound) if there is no file,
    /// [`ErrorKind::Codec`](pubsub_core::ErrorKind::Codec) for what is no whole snapshot,
    /// [`ErrorKind::Unsupported`](pubsub_core::ErrorKind::Unsupported) for another version,
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config) for a bound of 0; and what the disk refuses, as
    /// [`save`](Self::save).
    pub fn restore(path: impl AsRef<Path>, config: MemoryConfig) -> Result<Self> {
        config.validate()?;
        Ok(Self { store: snapshot::load(path.as_ref(), config)? })
    }

    /// A new connection. Closing it does not touch the others, nor what is stored.
    #[must_use]
    pub fn connect(&self) -> MemoryBroker {
        self.store.wake_restored();
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

    /// Writes the file of the configuration, if it names one, on a thread where that may block.
    pub(crate) async fn save_as_configured(&self) -> Result<()> {
        let Some(path) = self.config().snapshot.clone() else {
            return Ok(());
        };
        let server = self.clone();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return server.save(path);
        };
        let saved = runtime.spawn_blocking(move || server.save(path)).await;
        saved.unwrap_or_else(|error| {
            Err(Error::new(ErrorKind::Unavailable, "the snapshot was not written").with_source(error))
        })
    }

    #[cfg(test)]
    pub(crate) fn store(&self) -> &Store {
        &self.store
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
