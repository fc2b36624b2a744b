//! A connection: [`MemoryBroker`].

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Capabilities, Consumer, ConsumerName, CoreMessaging, Health, HealthState, Publisher, Result,
    StreamAdmin, StreamName,
};

use crate::connection::Connection;
use crate::core_messaging::MemoryCore;
use crate::handle::MemoryConsumer;
use crate::publisher::MemoryPublisher;
use crate::server::MemoryServer;
use crate::store::Store;
use crate::stream_admin::MemoryStreamAdmin;

/// A connection to a [`MemoryServer`].
///
/// Its [`close`](Broker::close) ends what was made from it: waiting fetches fail with `Closed`, subscriptions end,
/// publishes and settlements fail. What a subscription held ready and nobody had taken is available to others at once;
/// what was taken and not settled comes again after its ack wait. Where the server's configuration names a
/// [`snapshot`](crate::MemoryConfig::snapshot), it writes that, and fails if that fails; the next call
/// then tries once more. `native` gives the [`MemoryServer`].
#[derive(Clone)]
pub struct MemoryBroker {
    connection: Arc<Connection>,
    server: MemoryServer,
}

impl MemoryBroker {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { connection: Arc::new(Connection::new(Arc::clone(&store))), server: MemoryServer::of(store) }
    }

    /// The server that this is a connection to.
    #[must_use]
    pub fn server(&self) -> &MemoryServer {
        &self.server
    }
}

impl std::fmt::Debug for MemoryBroker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryBroker")
            .field("server", &self.server)
            .field("closed", &self.connection.is_closed())
            .finish()
    }
}

#[async_trait]
impl Broker for MemoryBroker {
    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        Arc::new(MemoryPublisher::new(Arc::clone(&self.connection)))
    }

    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        MemoryConsumer::open(&self.connection, stream, consumer)
            .map(|consumer| Arc::new(consumer) as Arc<dyn Consumer>)
            .map_err(|error| error.with_operation("open consumer"))
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        Some(Arc::new(MemoryStreamAdmin::new(Arc::clone(&self.connection))))
    }

    fn core(&self) -> Option<Arc<dyn CoreMessaging>> {
        Some(Arc::new(MemoryCore::new(Arc::clone(&self.connection))))
    }

    async fn health(&self) -> Health {
        if self.connection.is_closed() {
            Health::healthy().because(HealthState::Unhealthy, "the connection is closed")
        } else {
            Health::healthy()
        }
    }

    async fn close(&self) -> Result<()> {
        let unsaved = &self.connection.unsaved;
        if !self.connection.close() && !unsaved.load(Ordering::Acquire) {
            return Ok(());
        }
        // Until it is: a call that is dropped, or fails, leaves it to the next one.
        unsaved.store(true, Ordering::Release);
        self.server.save_as_configured().await.map_err(|error| error.with_operation("close"))?;
        unsaved.store(false, Ordering::Release);
        Ok(())
    }

    fn native(&self) -> Option<&dyn Any> {
        Some(&self.server)
    }
}
