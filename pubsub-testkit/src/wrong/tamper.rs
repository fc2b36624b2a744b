//! Where a wrong backend interferes: [`Tamper`], and the layer that lets it.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    BatchReceipt, Capabilities, Consumer, ConsumerInfo, Delivery, DeliveryInfo, FetchOptions, Headers, Layer,
    Message, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Result, Settlement,
    SubscribeOptions,
};

/// One flaw. What is not overridden stays right.
#[async_trait]
pub(super) trait Tamper: Debug + Send + Sync + 'static {
    fn capabilities(&self, capabilities: Capabilities) -> Capabilities {
        capabilities
    }

    fn outbound(&self, message: OutboundMessage) -> OutboundMessage {
        message
    }

    async fn batch(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        deliveries
    }

    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        message.settle(settlement).await
    }

    fn abandon(&self, message: Box<dyn Message>) {
        message.abandon();
    }
}

#[derive(Debug)]
pub(super) struct Tampered {
    tamper: Arc<dyn Tamper>,
}

impl Tampered {
    pub(super) fn new(tamper: impl Tamper) -> Self {
        Self { tamper: Arc::new(tamper) }
    }
}

impl Layer for Tampered {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        self.tamper.capabilities(inner)
    }

    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        Arc::new(TamperedPublisher { inner, tamper: Arc::clone(&self.tamper) })
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        Arc::new(TamperedConsumer { inner, tamper: Arc::clone(&self.tamper) })
    }
}

#[derive(Debug)]
struct TamperedPublisher {
    inner: Arc<dyn Publisher>,
    tamper: Arc<dyn Tamper>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Publisher for TamperedPublisher {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        self.inner.publish_with(self.tamper.outbound(message), options).await
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let messages = messages.into_iter().map(|message| self.tamper.outbound(message)).collect();
        self.inner.publish_batch(messages, options).await
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let messages = messages.into_iter().map(|message| self.tamper.outbound(message)).collect();
        self.inner.publish_atomic(messages, options).await
    }

    fn capabilities(&self) -> Capabilities {
        self.tamper.capabilities(self.inner.capabilities())
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}

#[derive(Debug)]
struct TamperedConsumer {
    inner: Arc<dyn Consumer>,
    tamper: Arc<dyn Tamper>,
}

async fn tampered(tamper: &Arc<dyn Tamper>, deliveries: Vec<Delivery>) -> Vec<Delivery> {
    let wrap = |delivery: Delivery| {
        let message = TamperedMessage { inner: delivery.into_message(), tamper: Arc::clone(tamper) };
        Delivery::new(Box::new(message))
    };
    tamper.batch(deliveries).await.into_iter().map(wrap).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Consumer for TamperedConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        let deliveries = self.inner.fetch(options).await?;
        Ok(tampered(&self.tamper, deliveries).await)
    }

    fn capabilities(&self) -> Capabilities {
        self.tamper.capabilities(self.inner.capabilities())
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        self.inner.info().await
    }

    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        let tamper = Arc::clone(&self.tamper);
        let deliveries = Arc::clone(&self.inner).subscribe(options);
        let tampered = deliveries.filter_map(move |delivery| {
            let tamper = Arc::clone(&tamper);
            async move {
                match delivery {
                    Ok(delivery) => tampered(&tamper, vec![delivery]).await.pop().map(Ok),
                    Err(error) => Some(Err(error)),
                }
            }
        });
        tampered.boxed()
    }

    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        self.inner.settle_many(deliveries, settlement).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}

#[derive(Debug)]
struct TamperedMessage {
    inner: Box<dyn Message>,
    tamper: Arc<dyn Tamper>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for TamperedMessage {
    fn subject(&self) -> &str {
        self.inner.subject()
    }

    fn payload(&self) -> &Bytes {
        self.inner.payload()
    }

    fn headers(&self) -> &Headers {
        self.inner.headers()
    }

    fn info(&self) -> &DeliveryInfo {
        self.inner.info()
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        let Self { inner, tamper } = *self;
        tamper.settle(inner, settlement).await
    }

    async fn extend(&self) -> Result<()> {
        self.inner.extend().await
    }

    fn abandon(self: Box<Self>) {
        let Self { inner, tamper } = *self;
        tamper.abandon(inner);
    }

    fn hand_back(self: Box<Self>) {
        self.inner.hand_back();
    }
}
