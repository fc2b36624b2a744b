//! What applications hold: [`Client`].

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;

use super::{Broker, Health, Registry};
use crate::admin::{ConsumerConfig, Provision, StreamAdmin, StreamConfig, StreamInfo};
use crate::config::ConnectUrl;
use crate::consume::Consumer;
use crate::core_messaging::CoreMessaging;
use crate::layer::Layer;
use crate::message::OutboundMessage;
use crate::name::{ConsumerName, StreamName};
use crate::publish::{Publisher, PublisherExt as _, Receipt};
use crate::read::{ReadOptions, StreamReader};
use crate::{Capabilities, Capability, Error, Result, Subject};

/// A broker with layers over it: what an application holds, clones and passes on.
///
/// Cloning is cheap; clones share the connection. A client is itself a [`Broker`], so that whatever takes a broker
/// takes a client with its layers.
///
/// ```no_run
/// # use pubsub_core::{Client, ConsumerConfig, FetchOptions, Provision, Registry, Result, StreamConfig};
/// # async fn example(registry: &Registry) -> Result<()> {
/// let client = Client::connect("memory://", registry).await?;
/// client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
/// let config = ConsumerConfig::durable("ride_pickup_users")?.with_filter("ride.pickup")?;
/// let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await?;
///
/// client.publish("ride.pickup", "r-17").await?;
/// for delivery in consumer.fetch(FetchOptions::up_to(10)).await? {
///     println!("{}", delivery.subject());
///     delivery.ack().await?;
/// }
/// client.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    broker: Arc<dyn Broker>,
    layers: Vec<Arc<dyn Layer>>,
    publisher: Arc<dyn Publisher>,
}

impl Client {
    /// A client over a broker, without layers.
    #[must_use]
    pub fn new(broker: Arc<dyn Broker>) -> Self {
        let publisher = broker.publisher();
        Self { broker, layers: Vec::new(), publisher }
    }

    /// Connects to the broker that a URL names, through the backends of a registry.
    ///
    /// # Errors
    /// As [`Registry::connect`].
    ///
    /// # Cancel safety
    /// Dropped before completion, no connection stays open.
    pub async fn connect<U>(url: U, registry: &Registry) -> Result<Self>
    where
        U: TryInto<ConnectUrl, Error: Into<Error>> + Send,
    {
        Ok(Self::new(registry.connect(url).await?))
    }

    /// Adds a layer. The first one added is innermost: it is the last to see a publish and the first to see a
    /// delivery. Clones made before are not changed.
    #[must_use]
    pub fn with_layer(mut self, layer: impl Layer) -> Self {
        let layer: Arc<dyn Layer> = Arc::new(layer);
        self.publisher = layer.publisher(self.publisher);
        self.layers.push(layer);
        self
    }

    /// The publisher, layers included. For more than [`publish`](Self::publish).
    #[must_use]
    pub fn publisher(&self) -> Arc<dyn Publisher> {
        Arc::clone(&self.publisher)
    }

    /// Publishes and waits for the receipt.
    ///
    /// # Errors
    /// As [`Publisher::publish_with`] and its receipt.
    ///
    /// # Cancel safety
    /// Dropped before completion, the message is unsent, or sent and its outcome unknown.
    pub async fn publish<S>(&self, subject: S, payload: impl Into<Bytes> + Send) -> Result<Receipt>
    where
        S: TryInto<Subject, Error: Into<Error>> + Send,
    {
        self.publisher.publish(subject, payload).await
    }

    /// Publishes `value` as JSON and waits for the receipt.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); [`ErrorKind::Codec`](crate::ErrorKind::Codec) if the value cannot be written.
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub async fn publish_json<S, T>(&self, subject: S, value: &T) -> Result<Receipt>
    where
        S: TryInto<Subject, Error: Into<Error>> + Send,
        T: Serialize + Sync + ?Sized,
    {
        self.publisher.publish_json(subject, value).await
    }

    /// Publishes a message with its headers and its id, and waits for the receipt.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub async fn publish_message(&self, message: OutboundMessage) -> Result<Receipt> {
        self.publisher.publish_message(message).await
    }

    /// A handle on an existing consumer.
    ///
    /// # Errors
    /// `InvalidInput` for an illegal name, and as [`Broker::consumer`].
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn consumer<S, C>(&self, stream: S, consumer: C) -> Result<Arc<dyn Consumer>>
    where
        S: TryInto<StreamName, Error: Into<Error>> + Send,
        C: TryInto<ConsumerName, Error: Into<Error>> + Send,
    {
        let stream = stream.try_into().map_err(Into::into)?;
        let consumer = consumer.try_into().map_err(Into::into)?;
        Broker::consumer(self, &stream, &consumer).await
    }

    /// Administration of streams and consumers.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if the backend has none.
    pub fn admin(&self) -> Result<Arc<dyn StreamAdmin>> {
        Broker::admin(self).ok_or_else(|| Error::unsupported("stream_admin"))
    }

    /// Plain messaging: publish, subscribe and request without a stream.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if the backend has none.
    pub fn core(&self) -> Result<Arc<dyn CoreMessaging>> {
        Broker::core(self).ok_or_else(|| Error::unsupported(Capability::CoreMessaging.name()))
    }

    /// Makes sure, once, that a stream is as configured. See [`StreamAdmin::ensure_stream`].
    ///
    /// # Errors
    /// As [`StreamAdmin::ensure_stream`].
    ///
    /// # Cancel safety
    /// Dropped before completion, the stream was either made (or changed) or not.
    pub async fn ensure_stream(&self, config: StreamConfig, provision: Provision) -> Result<StreamInfo> {
        self.admin()?.ensure_stream(config, provision).await
    }

    /// Makes sure, once, that a consumer is as configured, and opens it. One without a name is made anew each time.
    ///
    /// # Errors
    /// As [`StreamAdmin::ensure_consumer`] and [`Broker::consumer`].
    ///
    /// # Cancel safety
    /// Dropped before completion, the consumer was either made (or changed) or not.
    pub async fn ensure_consumer<S>(
        &self,
        stream: S,
        config: ConsumerConfig,
        provision: Provision,
    ) -> Result<Arc<dyn Consumer>>
    where
        S: TryInto<StreamName, Error: Into<Error>> + Send,
    {
        let stream = stream.try_into().map_err(Into::into)?;
        let info = self.admin()?.ensure_consumer(&stream, config, provision).await?;
        Broker::consumer(self, &stream, &info.name).await
    }

    /// Reads a stream in order and without acknowledgements, from where the options say and for ever: each message once,
    /// also over lost connections. See [`StreamReader`].
    ///
    /// ```no_run
    /// # use futures::StreamExt as _;
    /// # use pubsub_core::{Client, ReadOptions, Result};
    /// # async fn example(client: Client) -> Result<()> {
    /// let mut rides = client.read("RIDE", ReadOptions::default().with_filter("ride.pickup")?).await?;
    /// while let Some(message) = rides.next().await {
    ///     let message = message?;
    ///     println!("{}: {}", message.sequence, message.subject);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for an illegal name, and as [`StreamReader::open`].
    ///
    /// # Cancel safety
    /// As [`StreamReader::open`].
    pub async fn read<S>(&self, stream: S, options: ReadOptions) -> Result<StreamReader>
    where
        S: TryInto<StreamName, Error: Into<Error>> + Send,
    {
        let stream = stream.try_into().map_err(Into::into)?;
        StreamReader::open(Arc::new(self.clone()), &stream, options).await
    }

    /// What the stack of broker and layers can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let broker = self.broker.capabilities();
        self.layers.iter().fold(broker, |inner, layer| layer.capabilities(inner))
    }

    /// Refuses to go on without these features. A service calls it once at its start.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), with the first feature that is not there.
    pub fn require(&self, capabilities: &[Capability]) -> Result<()> {
        let has = self.capabilities();
        capabilities.iter().try_for_each(|capability| has.require(*capability))
    }

    /// How the connection does. Changes nothing on the broker.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn health(&self) -> Health {
        self.broker.health().await
    }

    /// Closes the connection of this client and of its clones, in the safe order. See [`Broker::close`].
    ///
    /// # Errors
    /// As [`Broker::close`].
    ///
    /// # Cancel safety
    /// As [`Broker::close`].
    pub async fn close(&self) -> Result<()> {
        self.broker.close().await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Broker for Client {
    fn capabilities(&self) -> Capabilities {
        Client::capabilities(self)
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        Client::publisher(self)
    }

    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        let consumer = self.broker.consumer(stream, consumer).await?;
        Ok(self.layers.iter().fold(consumer, |inner, layer| layer.consumer(inner)))
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        let admin = self.broker.admin()?;
        Some(self.layers.iter().fold(admin, |inner, layer| layer.admin(inner)))
    }

    fn core(&self) -> Option<Arc<dyn CoreMessaging>> {
        let core = self.broker.core()?;
        Some(self.layers.iter().fold(core, |inner, layer| layer.core(inner)))
    }

    async fn health(&self) -> Health {
        self.broker.health().await
    }

    async fn close(&self) -> Result<()> {
        self.broker.close().await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.broker.native()
    }
}
