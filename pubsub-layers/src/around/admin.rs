//! Around administration: [`AroundAdmin`].

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    AccountInfo, Capabilities, ConsumerConfig, ConsumerInfo, ConsumerName, MessageSelector, Provision, Purge,
    Result, StoredMessage, StreamAdmin, StreamConfig, StreamInfo, StreamName, SubjectFilter,
};

/// What a layer does around every call of administration.
pub(crate) trait AroundAdmin: Debug + Send + Sync + 'static {
    /// Runs one call, which is named.
    fn call<T: Send>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send {
        let _ = operation;
        call
    }

    /// What is shown of a message that was read.
    fn read(&self, message: StoredMessage) -> StoredMessage {
        message
    }
}

/// Administration with a layer around it.
#[derive(Debug)]
pub(crate) struct AdminAround<A> {
    inner: Arc<dyn StreamAdmin>,
    around: A,
}

impl<A: AroundAdmin> AdminAround<A> {
    pub(crate) fn over(inner: Arc<dyn StreamAdmin>, around: A) -> Arc<dyn StreamAdmin> {
        Arc::new(Self { inner, around })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: AroundAdmin> StreamAdmin for AdminAround<A> {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        self.around.call("create stream", self.inner.create_stream(config)).await
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        self.around.call("stream info", self.inner.stream_info(stream)).await
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.around.call("delete stream", self.inner.delete_stream(stream)).await
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        self.around.call("create consumer", self.inner.create_consumer(stream, config)).await
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        self.around.call("consumer info", self.inner.consumer_info(stream, consumer)).await
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.around.call("delete consumer", self.inner.delete_consumer(stream, consumer)).await
    }

    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        self.around.call("update stream", self.inner.update_stream(config)).await
    }

    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        self.around.call("update consumer", self.inner.update_consumer(stream, config)).await
    }

    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        self.around.call("list streams", self.inner.list_streams()).await
    }

    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        self.around.call("list consumers", self.inner.list_consumers(stream)).await
    }

    async fn purge_stream(&self, stream: &StreamName, purge: Purge) -> Result<u64> {
        self.around.call("purge stream", self.inner.purge_stream(stream, purge)).await
    }

    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        let message = self.around.call("get message", self.inner.get_message(stream, selector)).await?;
        Ok(self.around.read(message))
    }

    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        self.around.call("delete message", self.inner.delete_message(stream, sequence)).await
    }

    async fn pause_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        self.around.call("pause consumer", self.inner.pause_consumer(stream, consumer, until)).await
    }

    async fn resume_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.around.call("resume consumer", self.inner.resume_consumer(stream, consumer)).await
    }

    async fn reset_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        self.around.call("reset consumer", self.inner.reset_consumer(stream, consumer, sequence)).await
    }

    async fn unpin_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.around.call("unpin consumer", self.inner.unpin_consumer(stream, consumer)).await
    }

    async fn stream_subjects(
        &self,
        stream: &StreamName,
        filter: SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        self.around.call("stream subjects", self.inner.stream_subjects(stream, filter)).await
    }

    async fn deleted_sequences(&self, stream: &StreamName) -> Result<Vec<u64>> {
        self.around.call("deleted sequences", self.inner.deleted_sequences(stream)).await
    }

    async fn account_info(&self) -> Result<AccountInfo> {
        self.around.call("account info", self.inner.account_info()).await
    }

    async fn ensure_stream(&self, config: StreamConfig, provision: Provision) -> Result<StreamInfo> {
        self.around.call("ensure stream", self.inner.ensure_stream(config, provision)).await
    }

    async fn ensure_consumer(
        &self,
        stream: &StreamName,
        config: ConsumerConfig,
        provision: Provision,
    ) -> Result<ConsumerInfo> {
        self.around.call("ensure consumer", self.inner.ensure_consumer(stream, config, provision)).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
