use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;

use super::Prefix;
use crate::admin::{
    ConsumerConfig, ConsumerInfo, MessageSelector, Purge, StoredMessage, StreamAdmin, StreamConfig,
    StreamInfo,
};
use crate::name::{ConsumerName, StreamName};
use crate::{Capabilities, Result};

#[derive(Debug)]
pub(super) struct PrefixedAdmin {
    pub(super) inner: Arc<dyn StreamAdmin>,
    pub(super) prefix: Prefix,
}

impl Prefix {
    fn on_stream(&self, mut config: StreamConfig) -> Result<StreamConfig> {
        self.on_filters(&mut config.subjects)?;
        Ok(config)
    }

    fn on_consumer(&self, mut config: ConsumerConfig) -> Result<ConsumerConfig> {
        self.on_filters(&mut config.filters)?;
        Ok(config)
    }

    fn off_stream(&self, mut info: StreamInfo) -> Result<StreamInfo> {
        self.off_filters(&mut info.config.subjects)?;
        Ok(info)
    }

    fn off_consumer(&self, mut info: ConsumerInfo) -> Result<ConsumerInfo> {
        self.off_filters(&mut info.config.filters)?;
        Ok(info)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl StreamAdmin for PrefixedAdmin {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let info = self.inner.create_stream(self.prefix.on_stream(config)?).await?;
        self.prefix.off_stream(info)
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        self.prefix.off_stream(self.inner.stream_info(stream).await?)
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.inner.delete_stream(stream).await
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let info = self
            .inner
            .create_consumer(stream, self.prefix.on_consumer(config)?)
            .await?;
        self.prefix.off_consumer(info)
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        self.prefix
            .off_consumer(self.inner.consumer_info(stream, consumer).await?)
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.inner.delete_consumer(stream, consumer).await
    }

    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let info = self.inner.update_stream(self.prefix.on_stream(config)?).await?;
        self.prefix.off_stream(info)
    }

    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let info = self
            .inner
            .update_consumer(stream, self.prefix.on_consumer(config)?)
            .await?;
        self.prefix.off_consumer(info)
    }

    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        let streams = self.inner.list_streams().await?;
        streams
            .into_iter()
            .map(|info| self.prefix.off_stream(info))
            .collect()
    }

    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        let consumers = self.inner.list_consumers(stream).await?;
        consumers
            .into_iter()
            .map(|info| self.prefix.off_consumer(info))
            .collect()
    }

    async fn purge_stream(&self, stream: &StreamName, mut purge: Purge) -> Result<u64> {
        if let Some(filter) = &purge.filter {
            purge.filter = Some(self.prefix.on_filter(filter)?);
        }
        self.inner.purge_stream(stream, purge).await
    }

    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        let selector = match selector {
            MessageSelector::LastOf(subject) => MessageSelector::LastOf(self.prefix.on_subject(&subject)?),
            other => other,
        };
        let mut message = self.inner.get_message(stream, selector).await?;
        let subject = self.prefix.off(&message.subject).into();
        message.subject = subject;
        Ok(message)
    }

    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        self.inner.delete_message(stream, sequence).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
