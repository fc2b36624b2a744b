//! The connection as users see it: [`NatsBroker`].

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use pubsub_core::{
    Broker, Capabilities, Consumer, ConsumerName, CoreMessaging, Health, Publisher, Result, StreamAdmin,
    StreamName,
};
use tokio::sync::broadcast::error::RecvError;

use crate::NatsConfig;
use crate::admin::NatsAdmin;
use crate::connection::Connection;
use crate::consume::NatsConsumer;
use crate::core_messaging::NatsCore;
use crate::observe::{self, ConnectionState, ConnectionStatistics, NatsEvent};
use crate::publish::NatsPublisher;

/// A connection to NATS with JetStream.
///
/// A lost connection is made again by itself, for as long as the broker lives. Calls wait in the meantime, and fail as
/// `Unavailable` if it takes too long: then nothing was sent. What was sent before the loss and not confirmed ends as a
/// timeout with an unknown effect. Where the server refuses to let this client connect again
/// (its credentials or certificate no longer fit), calls fail with what is wrong, and the connection is tried on.
///
/// A process may have several brokers, of different servers or users; they share nothing.
///
/// Closing hands back what was pulled and not handed out, waits for receipts and settlements, and has the server
/// confirm what was sent last. A broker that is dropped instead loses nothing that was confirmed. Closed while the server
/// is away, it sends nothing any more, also once the server is back.
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
    /// `Config` for a configuration that cannot be, a file that cannot be read, a server whose certificate is not
    /// trusted, and a server without TLS where it is demanded; `PermissionDenied` for refused credentials or a refused
    /// client certificate; `Unavailable` if no server answers within `connect_timeout` or JetStream is off; `Unsupported`
    /// for nats-server before 2.10.
    ///
    /// # Cancel safety
    /// Dropped before completion, no connection stays open.
    pub async fn connect(config: NatsConfig) -> Result<Self> {
        // Boxed: async-nats' handshake is a future of 16 kB.
        let opened = Box::pin(Connection::open(config)).await;
        Ok(Self { connection: opened.map_err(|error| error.with_operation("connect"))? })
    }

    /// How the connection stands now.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.connection.state()
    }

    /// What went through the connection so far.
    #[must_use]
    pub fn statistics(&self) -> ConnectionStatistics {
        self.connection.statistics()
    }

    /// What happens to the connection from now on. The stream ends with the broker.
    ///
    /// Each listener gets every event, and none holds up the connection: one that lags by more than 128 is told how many
    /// it [missed](NatsEvent::Missed).
    ///
    /// ```no_run
    /// use futures::StreamExt as _;
    /// use pubsub_nats::{NatsBroker, NatsEvent};
    ///
    /// # async fn example(broker: NatsBroker) {
    /// let mut events = broker.events();
    /// while let Some(event) = events.next().await {
    ///     if let NatsEvent::Refused { reason } = event {
    ///         eprintln!("the server refuses this service: {reason}");
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn events(&self) -> BoxStream<'static, NatsEvent> {
        let listener = self.connection.listen();
        stream::unfold(listener, |mut listener| async move {
            match listener.recv().await {
                Ok(event) => Some((event, listener)),
                Err(RecvError::Lagged(events)) => Some((NatsEvent::Missed { events }, listener)),
                Err(RecvError::Closed) => None,
            }
        })
        .boxed()
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
        Some(Arc::new(NatsCore::new(Arc::clone(&self.connection))))
    }

    /// Whether the connection stands and JetStream answers; whether each stream and consumer is there that this broker
    /// was used with; whether a consumer's pending acks are full; and whether a subscription or fetch gets nothing for
    /// 10 s although messages wait. It takes 2 s at most.
    async fn health(&self) -> Health {
        observe::check(&self.connection).await
    }

    async fn close(&self) -> Result<()> {
        self.connection.close().await
    }

    fn native(&self) -> Option<&dyn Any> {
        Some(&self.connection.client)
    }
}
