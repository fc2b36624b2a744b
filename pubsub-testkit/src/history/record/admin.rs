use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    AccountInfo, Capabilities, ConsumerConfig, ConsumerInfo, ConsumerName, MessageSelector, Provision, Purge,
    Result, StoredMessage, StreamAdmin, StreamConfig, StreamInfo, StreamName, SubjectFilter,
};

use super::look::Look;
use crate::history::History;
use crate::history::event::{ConsumerKey, Number, What};

#[derive(Debug)]
pub(super) struct RecordedAdmin {
    pub(super) inner: Arc<dyn StreamAdmin>,
    pub(super) history: History,
}

impl RecordedAdmin {
    fn has_stream(&self, info: &StreamInfo) {
        self.history.record(What::StreamCreated { config: Box::new(info.config.clone()) });
    }

    fn removal(&self) -> Number {
        let call = self.history.number();
        self.history.record(What::RemovalCalled { call });
        call
    }

    fn has_consumer(&self, info: &ConsumerInfo) {
        let key = key(&info.stream, &info.name);
        self.history.record(What::ConsumerCreated { key, config: Box::new(info.config.clone()) });
    }
}

fn key(stream: &StreamName, consumer: &ConsumerName) -> ConsumerKey {
    ConsumerKey { stream: stream.clone(), consumer: consumer.clone() }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl StreamAdmin for RecordedAdmin {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let outcome = self.inner.create_stream(config).await;
        outcome.inspect(|info| self.has_stream(info))
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        let look = Look::begin(&self.history);
        let outcome = self.inner.stream_info(stream).await;
        outcome.inspect(|info| look.saw_stream(info))
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.inner.delete_stream(stream).await?;
        self.history.record(What::StreamDeleted { stream: stream.clone() });
        Ok(())
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let outcome = self.inner.create_consumer(stream, config).await;
        outcome.inspect(|info| self.has_consumer(info))
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        let look = Look::begin(&self.history);
        let outcome = self.inner.consumer_info(stream, consumer).await;
        outcome.inspect(|info| look.saw_consumer(info))
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.inner.delete_consumer(stream, consumer).await?;
        self.history.record(What::ConsumerDeleted { key: key(stream, consumer) });
        Ok(())
    }

    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let outcome = self.inner.update_stream(config).await;
        outcome.inspect(|info| self.has_stream(info))
    }

    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let outcome = self.inner.update_consumer(stream, config).await;
        outcome.inspect(|info| self.has_consumer(info))
    }

    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        let look = Look::begin(&self.history);
        let outcome = self.inner.list_streams().await;
        outcome.inspect(|infos| infos.iter().for_each(|info| look.saw_stream(info)))
    }

    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        let look = Look::begin(&self.history);
        let outcome = self.inner.list_consumers(stream).await;
        outcome.inspect(|infos| infos.iter().for_each(|info| look.saw_consumer(info)))
    }

    async fn purge_stream(&self, stream: &StreamName, purge: Purge) -> Result<u64> {
        let (call, asked) = (self.removal(), Box::new(purge.clone()));
        let outcome = self.inner.purge_stream(stream, purge).await;
        self.history.record(match &outcome {
            Ok(purged) => What::Purged { call, stream: stream.clone(), purge: asked, purged: *purged },
            Err(_) => What::RemovalFailed { call },
        });
        outcome
    }

    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        self.inner.get_message(stream, selector).await
    }

    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        let call = self.removal();
        let outcome = self.inner.delete_message(stream, sequence).await;
        self.history.record(match outcome {
            Ok(()) => What::MessageDeleted { call, stream: stream.clone(), sequence },
            Err(_) => What::RemovalFailed { call },
        });
        outcome
    }

    async fn pause_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        self.inner.pause_consumer(stream, consumer, until).await?;
        let key = key(stream, consumer);
        // What is left of it then: the call has taken its time.
        self.history.record_with(|now| {
            let pause = until.duration_since(now).unwrap_or_default();
            What::ConsumerPaused { key, pause }
        });
        Ok(())
    }

    async fn resume_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.history.record(What::ResumeCalled { key: key(stream, consumer) });
        self.inner.resume_consumer(stream, consumer).await
    }

    async fn reset_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        let info = self.inner.reset_consumer(stream, consumer, sequence).await?;
        let config = Box::new(info.config.clone());
        self.history.record(What::ConsumerReset { key: key(stream, consumer), config, sequence });
        Ok(info)
    }

    async fn unpin_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.inner.unpin_consumer(stream, consumer).await
    }

    async fn stream_subjects(
        &self,
        stream: &StreamName,
        filter: SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        self.inner.stream_subjects(stream, filter).await
    }

    async fn deleted_sequences(&self, stream: &StreamName) -> Result<Vec<u64>> {
        self.inner.deleted_sequences(stream).await
    }

    async fn account_info(&self) -> Result<AccountInfo> {
        self.inner.account_info().await
    }

    async fn ensure_stream(&self, config: StreamConfig, provision: Provision) -> Result<StreamInfo> {
        let outcome = self.inner.ensure_stream(config, provision).await;
        outcome.inspect(|info| self.has_stream(info))
    }

    async fn ensure_consumer(
        &self,
        stream: &StreamName,
        config: ConsumerConfig,
        provision: Provision,
    ) -> Result<ConsumerInfo> {
        let outcome = self.inner.ensure_consumer(stream, config, provision).await;
        outcome.inspect(|info| self.has_consumer(info))
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
