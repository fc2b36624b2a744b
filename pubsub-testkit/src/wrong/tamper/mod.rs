//! Where a wrong backend interferes: [`Tamper`], and the wrappers that let it.

mod admin;
mod broker;
mod consumer;
mod core;
mod message;
mod publisher;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use pubsub_core::{
    AccountInfo, BatchReceipt, Broker, Capabilities, Client, Consumer, ConsumerConfig, ConsumerInfo,
    ConsumerName, CoreMessage, CoreMessaging, CoreSubscribeOptions, Delivery, DeliveryInfo, FetchOptions,
    Headers, Health, Message, MessageSelector, OutboundMessage, PendingReceipt, PublishOptions, Publisher,
    Purge, Receipt, ReplySubject, RequestManyOptions, Result, Settlement, StoredMessage, StreamAdmin,
    StreamConfig, StreamInfo, StreamName, SubjectFilter, SubscribeOptions,
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

/// One flaw. What is not overridden stays right. All connections to one store share a value.
#[async_trait]
pub(super) trait Tamper: Debug + Send + Sync + 'static {
    fn capabilities(&self, capabilities: Capabilities) -> Capabilities {
        capabilities
    }

    /// Called whenever the administration is asked for.
    fn gives_administration(&self) {}

    fn outbound(&self, message: OutboundMessage) -> OutboundMessage {
        message
    }

    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        inner.publish_with(message, options).await
    }

    fn receipt(&self, receipt: Receipt) -> Receipt {
        receipt
    }

    /// The messages of a batch as they are published, in their order.
    fn arranged(&self, messages: Vec<OutboundMessage>) -> Vec<OutboundMessage> {
        messages
    }

    /// What becomes of the rest of a batch, each message being published by itself.
    fn goes_on_after(&self, outcome: &Result<PendingReceipt>) -> bool {
        let _ = outcome;
        true
    }

    async fn publish_atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        inner.publish_atomic(messages, options).await
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

    async fn update_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        admin.update_consumer(stream, config).await
    }

    async fn delete_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<()> {
        admin.delete_consumer(stream, consumer).await
    }

    fn consumer_info(&self, info: ConsumerInfo) -> ConsumerInfo {
        info
    }

    fn listed_consumers(&self, listed: Vec<ConsumerInfo>) -> Vec<ConsumerInfo> {
        listed
    }

    async fn purge(&self, admin: &dyn StreamAdmin, stream: &StreamName, purge: Purge) -> Result<u64> {
        admin.purge_stream(stream, purge).await
    }

    async fn get_message(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        selector: MessageSelector,
    ) -> Result<StoredMessage> {
        admin.get_message(stream, selector).await
    }

    async fn delete_message(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        sequence: u64,
    ) -> Result<()> {
        admin.delete_message(stream, sequence).await
    }

    async fn pause(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        admin.pause_consumer(stream, consumer, until).await
    }

    async fn resume(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<()> {
        admin.resume_consumer(stream, consumer).await
    }

    async fn reset(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        admin.reset_consumer(stream, consumer, sequence).await
    }

    async fn unpin(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<()> {
        admin.unpin_consumer(stream, consumer).await
    }

    fn listed_subjects(&self, filter: SubjectFilter) -> SubjectFilter {
        filter
    }

    fn account(&self, account: AccountInfo) -> AccountInfo {
        account
    }

    async fn say(&self, inner: &dyn CoreMessaging, message: OutboundMessage) -> Result<()> {
        inner.publish(message).await
    }

    async fn listen(
        &self,
        inner: &dyn CoreMessaging,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        inner.subscribe(filter, options).await
    }

    async fn request(
        &self,
        inner: &dyn CoreMessaging,
        message: OutboundMessage,
        timeout: Duration,
    ) -> Result<CoreMessage> {
        inner.request(message, timeout).await
    }

    async fn request_many(
        &self,
        inner: &dyn CoreMessaging,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        inner.request_many(message, options).await
    }

    async fn respond(
        &self,
        inner: &dyn CoreMessaging,
        to: &ReplySubject,
        payload: Bytes,
        headers: Headers,
    ) -> Result<()> {
        inner.respond(to, payload, headers).await
    }

    fn health(&self, health: Health) -> Health {
        health
    }

    async fn close(&self, inner: &dyn Broker) -> Result<()> {
        inner.close().await
    }
}

/// A client whose every use meets the flaw.
pub(super) fn spoil(client: Client, tamper: Arc<dyn Tamper>) -> Client {
    Client::new(Arc::new(TamperedBroker::new(Arc::new(client), tamper)))
}
