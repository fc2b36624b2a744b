//! The connection as users see it: [`NatsBroker`].

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Capabilities, Consumer, ConsumerName, CoreMessaging, Health, HealthState, Publisher, Result,
    StreamAdmin, StreamName,
};

use crate::NatsConfig;
use crate::admin::NatsAdmin;
use crate::api;
use crate::connection::Connection;
use crate::consume::NatsConsumer;
use crate::publish::NatsPublisher;

/// A connection to NATS with JetStream.
///
/// A lost connection is made again by itself, for as long as the broker lives: publishes wait in the meantime, and end
/// as timeouts with an unknown effect if it takes too long.
///
/// Closing hands back what was pulled and not handed out, waits for receipts and settlements, and has the server
/// confirm what was sent last. A broker that is dropped instead loses nothing that was confirmed.
///
/// `native()` is the [`async_nats::Client`]. A clone of it that is used after the close fails.
///
/// ```no_run
/// use pubsub_core::{Client, Result};
/// use pubsub_nats::{NatsBroker, NatsConfig};
/// use std::sync::Arc;
///
/// # async fn example() -> Result<()> {
/// let config = NatsConfig::new("nats://127.0.0.1:4222")?.with_name("ride-service");
/// let client = Client::new(Arc::new(NatsBroker::connect(config).await?));
/// client.publish("ride.pickup", "r-17").await?;
/// client.close().await
/// # }
/// ```
#[derive(Debug)]
pub struct NatsBroker {
    connection: Arc<Connection>,
}

impl NatsBroker {
    /// Connects, and checks that the server can be used. The first attempt is the only one: what is wrong then is
    /// told, not retried.
    ///
    /// # Errors
    /// `Config` for a configuration that cannot be, `PermissionDenied` for refused credentials, `Unavailable` if no server
    /// answers within `connect_timeout` or JetStream is off, `Unsupported` for nats-server before 2.10.
    ///
    /// # Cancel safety
    /// Dropped before completion, no connection stays open.
    pub async fn connect(config: NatsConfig) -> Result<Self> {
        // Boxed: async-nats' handshake is a future of 16 kB.
        let opened = Box::pin(Connection::open(config)).await;
        Ok(Self { connection: opened.map_err(|error| error.with_operation("connect"))? })
    }

    /// The version of the server that the connection was made to first.
    #[must_use]
    pub fn server_version(&self) -> String {
        self.connection.version.to_string()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Broker for NatsBroker {
    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        Arc::new(NatsPublisher::new(Arc::clone(&self.connection)))
    }

    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        let opened = NatsConsumer::open(Arc::clone(&self.connection), stream, consumer).await;
        let opened = opened.map_err(|error| {
            error
                .with_operation("open consumer")
                .with_context("stream", stream)
                .with_context("consumer", consumer)
        })?;
        Ok(Arc::new(opened))
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        Some(Arc::new(NatsAdmin::new(Arc::clone(&self.connection))))
    }

    fn core(&self) -> Option<Arc<dyn CoreMessaging>> {
        None
    }

    async fn health(&self) -> Health {
        let health = Health::healthy();
        if self.connection.check_open().is_err() {
            return health.because(HealthState::Unhealthy, "the connection is closed");
        }
        if !self.connection.is_connected() {
            return health.because(HealthState::Unhealthy, "the connection to the server is down");
        }
        match api::account_info(&self.connection).await {
            Ok(()) => health,
            // Whoever may not ask may still be allowed to work.
            Err(error) if error.kind() == pubsub_core::ErrorKind::PermissionDenied => {
                health.because(HealthState::Degraded, "this user may not ask how JetStream does")
            }
            Err(error) => {
                health.because(HealthState::Unhealthy, format!("JetStream does not answer: {error}"))
            }
        }
    }

    async fn close(&self) -> Result<()> {
        self.connection.close().await
    }

    fn native(&self) -> Option<&dyn Any> {
        Some(&self.connection.client)
    }
}
