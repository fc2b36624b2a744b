//! A store with one stream and one consumer, seen through layers and without.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Capabilities, Capability, Client, Consumer, ConsumerConfig, Delivery, FetchOptions, Layer,
    Limit, OutboundMessage, PendingReceipt, Provision, PublishOptions, Publisher, Result, StreamConfig,
};
use pubsub_memory::{MemoryConfig, MemoryServer};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MILLI: Duration = Duration::from_millis(1);

pub(crate) struct Bench {
    /// With the layers.
    pub(crate) client: Client,
    /// Without.
    pub(crate) truth: Client,
    /// Through the layers.
    pub(crate) consumer: Arc<dyn Consumer>,
}

impl Bench {
    pub(crate) async fn new(layers: impl FnOnce(Client) -> Client) -> Result<Self> {
        let server = MemoryServer::new(MemoryConfig::default())?;
        let truth = Client::new(Arc::new(server.connect()));
        let client = layers(Client::new(Arc::new(server.connect())));
        let config = StreamConfig::new("RIDE", ["ride.>"])?.with_allow_atomic_batches();
        client.ensure_stream(config, Provision::CreateIfMissing).await?;
        let config = ConsumerConfig::durable("users")?.with_max_deliver(Limit::Unlimited);
        let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await?;
        Ok(Self { client, truth, consumer })
    }

    pub(crate) async fn stored(&self) -> Result<u64> {
        Ok(self.truth.admin()?.stream_info(&"RIDE".try_into()?).await?.messages)
    }

    /// What comes at once, through the layers.
    pub(crate) async fn fetch(&self, most: usize) -> Result<Vec<Delivery>> {
        self.consumer.fetch(FetchOptions::up_to(most).with_expires(Duration::ZERO)).await
    }

    /// What comes at once, below the layers.
    pub(crate) async fn raw(&self) -> Result<Vec<Delivery>> {
        let consumer = self.truth.consumer("RIDE", "users").await?;
        consumer.fetch(FetchOptions::up_to(100).with_expires(Duration::ZERO)).await
    }
}

pub(crate) fn messages(count: usize) -> Vec<OutboundMessage> {
    (0..count).map(|number| OutboundMessage::new("ride.n", number.to_string()).expect("a subject")).collect()
}

/// A backend that does not publish again itself.
#[derive(Debug)]
pub(crate) struct WithoutRetry;

impl Layer for WithoutRetry {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        Arc::new(Without(inner))
    }
}

#[derive(Debug)]
struct Without(Arc<dyn Publisher>);

#[async_trait]
impl Publisher for Without {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        options.check(self.capabilities())?;
        self.0.publish_with(message, options).await
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        self.0.publish_atomic(messages, options).await
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities().without(Capability::PublishRetry)
    }

    async fn flush(&self) -> Result<()> {
        self.0.flush().await
    }

    fn native(&self) -> Option<&dyn Any> {
        None
    }
}
