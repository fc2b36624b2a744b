use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use super::Prefix;
use crate::admin::{
    AccountInfo, ConsumerConfig, ConsumerInfo, MessageSelector, Provision, Purge, StoredMessage, StreamAdmin,
    StreamConfig, StreamInfo,
};
use crate::name::{ConsumerName, StreamName};
use crate::subject::SubjectFilter;
use crate::{Capabilities, Result};

#[derive(Debug)]
pub(super) struct PrefixedAdmin {
    pub(super) inner: Arc<dyn StreamAdmin>,
    pub(super) prefix: Prefix,
}

impl Prefix {
    fn on_stream(&self, mut config: StreamConfig) -> Result<StreamConfig> {
        self.on_filters(&mut config.subjects)?;
        if let Some(transform) = &mut config.subject_transform {
            self.on_transform(transform)?;
        }
        if let Some(republish) = &mut config.republish {
            self.on_transform(&mut republish.subjects)?;
        }
        Ok(config)
    }

    fn on_consumer(&self, mut config: ConsumerConfig) -> Result<ConsumerConfig> {
        self.on_filters(&mut config.filters)?;
        if config.filters.is_empty() {
            config.filters.push(self.all()?);
        }
        Ok(config)
    }

    fn off_stream(&self, mut info: StreamInfo) -> StreamInfo {
        self.off_filters(&mut info.config.subjects);
        if let Some(transform) = &mut info.config.subject_transform {
            self.off_transform(transform);
        }
        if let Some(republish) = &mut info.config.republish {
            self.off_transform(&mut republish.subjects);
        }
        info
    }

    fn off_consumer(&self, mut info: ConsumerInfo) -> ConsumerInfo {
        self.off_consumer_filters(&mut info.config.filters);
        info
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
        Ok(self.prefix.off_stream(info))
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        Ok(self.prefix.off_stream(self.inner.stream_info(stream).await?))
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        self.inner.delete_stream(stream).await
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let info = self.inner.create_consumer(stream, self.prefix.on_consumer(config)?).await?;
        Ok(self.prefix.off_consumer(info))
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        let info = self.inner.consumer_info(stream, consumer).await?;
        Ok(self.prefix.off_consumer(info))
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.inner.delete_consumer(stream, consumer).await
    }

    async fn update_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        let info = self.inner.update_stream(self.prefix.on_stream(config)?).await?;
        Ok(self.prefix.off_stream(info))
    }

    async fn update_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        let info = self.inner.update_consumer(stream, self.prefix.on_consumer(config)?).await?;
        Ok(self.prefix.off_consumer(info))
    }

    async fn list_streams(&self) -> Result<Vec<StreamInfo>> {
        let streams = self.inner.list_streams().await?;
        Ok(streams.into_iter().map(|info| self.prefix.off_stream(info)).collect())
    }

    async fn list_consumers(&self, stream: &StreamName) -> Result<Vec<ConsumerInfo>> {
        let consumers = self.inner.list_consumers(stream).await?;
        Ok(consumers.into_iter().map(|info| self.prefix.off_consumer(info)).collect())
    }

    async fn purge_stream(&self, stream: &StreamName, mut purge: Purge) -> Result<u64> {
        purge.filter = Some(match &purge.filter {
            Some(filter) => self.prefix.on_filter(filter)?,
            None => self.prefix.all()?,
        });
        self.inner.purge_stream(stream, purge).await
    }

    async fn get_message(&self, stream: &StreamName, selector: MessageSelector) -> Result<StoredMessage> {
        let selector = match selector {
            MessageSelector::LastOf(subject) => MessageSelector::LastOf(self.prefix.on_subject(&subject)?),
            MessageSelector::Next { from, filter } => {
                MessageSelector::Next { from, filter: self.prefix.on_filter(&filter)? }
            }
            other => other,
        };
        let mut message = self.inner.get_message(stream, selector).await?;
        let subject = self.prefix.off(&message.subject).into();
        message.subject = subject;
        for name in ["Nats-Schedule-Target", "Nats-Schedule-Source"] {
            if let Some(own) = message.headers.get(name).map(|subject| self.prefix.off(subject).to_owned()) {
                message.headers.remove(name);
                message.headers.append_received(name, &own)?;
            }
        }
        Ok(message)
    }

    async fn delete_message(&self, stream: &StreamName, sequence: u64) -> Result<()> {
        self.inner.delete_message(stream, sequence).await
    }

    async fn pause_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        self.inner.pause_consumer(stream, consumer, until).await
    }

    async fn resume_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.inner.resume_consumer(stream, consumer).await
    }

    async fn reset_consumer(
        &self,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        let info = self.inner.reset_consumer(stream, consumer, sequence).await?;
        Ok(self.prefix.off_consumer(info))
    }

    async fn unpin_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        self.inner.unpin_consumer(stream, consumer).await
    }

    async fn stream_subjects(
        &self,
        stream: &StreamName,
        filter: SubjectFilter,
    ) -> Result<Vec<(String, u64)>> {
        let subjects = self.inner.stream_subjects(stream, self.prefix.on_filter(&filter)?).await?;
        Ok(subjects.into_iter().map(|(subject, count)| (self.prefix.off(&subject).into(), count)).collect())
    }

    async fn deleted_sequences(&self, stream: &StreamName) -> Result<Vec<u64>> {
        self.inner.deleted_sequences(stream).await
    }

    async fn account_info(&self) -> Result<AccountInfo> {
        self.inner.account_info().await
    }

    async fn ensure_stream(&self, config: StreamConfig, provision: Provision) -> Result<StreamInfo> {
        // Compared with the prefix on: without it, somebody else's stream would look like ours.
        let info = self.inner.ensure_stream(self.prefix.on_stream(config)?, provision).await?;
        Ok(self.prefix.off_stream(info))
    }

    async fn ensure_consumer(
        &self,
        stream: &StreamName,
        config: ConsumerConfig,
        provision: Provision,
    ) -> Result<ConsumerInfo> {
        let config = self.prefix.on_consumer(config)?;
        let info = self.inner.ensure_consumer(stream, config, provision).await?;
        Ok(self.prefix.off_consumer(info))
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
