use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    AccountInfo, Capabilities, ConsumerConfig, ConsumerInfo, ConsumerName, MessageSelector, Provision, Purge,
    Result, StoredMessage, StreamAdmin, StreamConfig, StreamInfo, StreamName, SubjectFilter,
};

use super::link::PATIENCE;
use super::plan::Plan;

/// Administration over a connection that may be lost. What is asked meanwhile was not asked.
#[derive(Debug)]
pub(super) struct FaultyAdmin {
    inner: Arc<dyn StreamAdmin>,
    plan: Arc<Plan>,
}

impl FaultyAdmin {
    pub(super) fn new(inner: Arc<dyn StreamAdmin>, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }

    /// The administration itself, as soon as there is a connection.
    async fn reached(&self, operation: &'static str) -> Result<&dyn StreamAdmin> {
        self.plan.connected(operation, PATIENCE).await?;
        Ok(self.inner.as_ref())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl StreamAdmin for FaultyAdmin {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        self.reached("create stream").await?.create_stream(config).await
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        self.reached("stream info").await?.stream_info(stream).await
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.reached("delete stream").await?.delete_stream(stream).await
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        self.reached("create consumer").await?.create_consumer(stream, config).await
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        self.reached("consumer info").await?.consumer_info(stream, consumer).await
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.reached("delete consumer").await?.delete_consumer(stream, consumer).await
    }

    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        self.reached("update stream").await?.update_stream(config).await
    }

    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        self.reached("update consumer").await?.update_consumer(stream, config).await
    }

    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        self.reached("list streams").await?.list_streams().await
    }

    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        self.reached("list consumers").await?.list_consumers(stream).await
    }

    async fn purge_stream(&self, stream: &StreamName, purge: Purge) -> Result<u64> {
        self.reached("purge stream").await?.purge_stream(stream, purge).await
    }

    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        self.reached("get message").await?.get_message(stream, selector).await
    }

    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        self.reached("delete message").await?.delete_message(stream, sequence).await
    }

    async fn pause_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        self.reached("pause consumer").await?.pause_consumer(stream, consumer, until).await
    }

    async fn resume_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.reached("resume consumer").await?.resume_consumer(stream, consumer).await
    }

    async fn reset_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        self.reached("reset consumer").await?.reset_consumer(stream, consumer, sequence).await
    }

    async fn unpin_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.reached("unpin consumer").await?.unpin_consumer(stream, consumer).await
    }

    async fn stream_subjects(
        &self,
        stream: &StreamName,
        filter: SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        self.reached("stream subjects").await?.stream_subjects(stream, filter).await
    }

    async fn deleted_sequences(&self, stream: &StreamName) -> Result<Vec<u64>> {
        self.reached("deleted sequences").await?.deleted_sequences(stream).await
    }

    async fn account_info(&self) -> Result<AccountInfo> {
        self.reached("account info").await?.account_info().await
    }

    async fn ensure_stream(&self, config: StreamConfig, provision: Provision) -> Result<StreamInfo> {
        self.reached("ensure stream").await?.ensure_stream(config, provision).await
    }

    async fn ensure_consumer(
        &self,
        stream: &StreamName,
        config: ConsumerConfig,
        provision: Provision,
    ) -> Result<ConsumerInfo> {
        self.reached("ensure consumer").await?.ensure_consumer(stream, config, provision).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
