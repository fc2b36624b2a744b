use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    AccountInfo, Capabilities, ConsumerConfig, ConsumerInfo, ConsumerName, MessageSelector, Purge, Result,
    StoredMessage, StreamAdmin, StreamConfig, StreamInfo, StreamName, SubjectFilter,
};

use super::Tamper;

#[derive(Debug)]
pub(super) struct TamperedAdmin {
    inner: Arc<dyn StreamAdmin>,
    tamper: Arc<dyn Tamper>,
}

impl TamperedAdmin {
    pub(super) fn new(inner: Arc<dyn StreamAdmin>, tamper: Arc<dyn Tamper>) -> Self {
        Self { inner, tamper }
    }
}

/// `ensure_stream` and `ensure_consumer` are left to their defaults, so that they meet the flaws of the rest.
#[async_trait]
impl StreamAdmin for TamperedAdmin {
    fn capabilities(&self) -> Capabilities {
        self.tamper.capabilities(self.inner.capabilities())
    }

    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let info = self.tamper.create_stream(self.inner.as_ref(), config).await?;
        Ok(self.tamper.stream_info(info))
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        Ok(self.tamper.stream_info(self.inner.stream_info(stream).await?))
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.inner.delete_stream(stream).await
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let info = self.tamper.create_consumer(self.inner.as_ref(), stream, config).await?;
        Ok(self.tamper.consumer_info(info))
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        Ok(self.tamper.consumer_info(self.inner.consumer_info(stream, consumer).await?))
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.tamper.delete_consumer(self.inner.as_ref(), stream, consumer).await
    }

    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let info = self.tamper.update_stream(self.inner.as_ref(), config).await?;
        Ok(self.tamper.stream_info(info))
    }

    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let info = self.tamper.update_consumer(self.inner.as_ref(), stream, config).await?;
        Ok(self.tamper.consumer_info(info))
    }

    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        self.tamper.list_streams(self.inner.as_ref()).await
    }

    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        let listed = self.tamper.listed_consumers(self.inner.list_consumers(stream).await?);
        Ok(listed.into_iter().map(|info| self.tamper.consumer_info(info)).collect())
    }

    async fn purge_stream(&self, stream: &StreamName, purge: Purge) -> Result<u64> {
        self.tamper.purge(self.inner.as_ref(), stream, purge).await
    }

    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        self.tamper.get_message(self.inner.as_ref(), stream, selector).await
    }

    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        self.tamper.delete_message(self.inner.as_ref(), stream, sequence).await
    }

    async fn pause_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        self.tamper.pause(self.inner.as_ref(), stream, consumer, until).await
    }

    async fn resume_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.tamper.resume(self.inner.as_ref(), stream, consumer).await
    }

    async fn reset_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        let info = self.tamper.reset(self.inner.as_ref(), stream, consumer, sequence).await?;
        Ok(self.tamper.consumer_info(info))
    }

    async fn unpin_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.tamper.unpin(self.inner.as_ref(), stream, consumer).await
    }

    async fn stream_subjects(
        &self,
        stream: &StreamName,
        filter: SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        self.inner.stream_subjects(stream, self.tamper.listed_subjects(filter)).await
    }

    async fn deleted_sequences(&self, stream: &StreamName) -> Result<Vec<u64>> {
        self.inner.deleted_sequences(stream).await
    }

    async fn account_info(&self) -> Result<AccountInfo> {
        Ok(self.tamper.account(self.inner.account_info().await?))
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
