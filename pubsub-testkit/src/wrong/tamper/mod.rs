//! Where a wrong backend interferes: [`Tamper`], and the wrappers that let it.

mod admin;
mod broker;
mod consumer;
mod message;
mod publisher;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use pubsub_core::{
    Broker, Capabilities, Client, Consumer, ConsumerConfig, ConsumerInfo, ConsumerName, Delivery,
    DeliveryInfo, FetchOptions, Headers, Message, OutboundMessage, PendingReceipt, PublishOptions, Publisher,
    Receipt, Result, Settlement, StreamAdmin, StreamConfig, StreamInfo, StreamName, SubscribeOptions,
};

use broker::TamperedBroker;

/// A message as it is shown to whoever receives it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) subject: String,
    pub(super) payload: Bytes,
    pub(super) headers: Headers,
    pub(super) info: DeliveryInfo,
}

/// One flaw. What is not overridden stays right. Every connection has a value of its own.
#[async_trait]
pub(super) trait Tamper: Debug + Send + Sync + 'static {
    fn capabilities(&self, capabilities: Capabilities) -> Capabilities {
        capabilities
    }

    fn outbound(&self, message: OutboundMessage) -> OutboundMessage {
        message
    }

    async fn publish(
        &self,
        inner: &dyn Publisher,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        inner.publish_with(message, options).await
    }

    fn receipt(&self, receipt: Receipt) -> Receipt {
        receipt
    }

    /// The handle that a name gives.
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        inner.consumer(stream, consumer).await
    }

    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        inner.fetch(options).await
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        inner.subscribe(options)
    }

    /// What of a batch, or of one delivery of a subscription, is handed out.
    async fn batch(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        deliveries
    }

    fn shown(&self, shown: Shown) -> Shown {
        shown
    }

    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        message.settle(settlement).await
    }

    async fn settle_many(
        &self,
        inner: &dyn Consumer,
        deliveries: Vec<Delivery>,
        settlement: Settlement,
    ) -> Vec<Result<()>> {
        inner.settle_many(deliveries, settlement).await
    }

    async fn extend(&self, message: &dyn Message) -> Result<()> {
        message.extend().await
    }

    fn abandon(&self, message: Box<dyn Message>) {
        message.abandon();
    }

    fn hand_back(&self, message: Box<dyn Message>) {
        message.hand_back();
    }

    async fn create_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        admin.create_stream(config).await
    }

    async fn update_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        admin.update_stream(config).await
    }

    fn stream_info(&self, info: StreamInfo) -> StreamInfo {
        info
    }

    async fn list_streams(&self, admin: &dyn StreamAdmin) -> Result<Vec<StreamInfo>> {
        admin.list_streams().await
    }

    async fn create_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        admin.create_consumer(stream, config).await
    }

    fn consumer_info(&self, info: ConsumerInfo) -> ConsumerInfo {
        info
    }

    async fn close(&self, inner: &dyn Broker) -> Result<()> {
        inner.close().await
    }
}

/// A client whose every use meets the flaw.
pub(super) fn spoil(client: Client, tamper: impl Tamper) -> Client {
    Client::new(Arc::new(TamperedBroker::new(Arc::new(client), Arc::new(tamper))))
}
