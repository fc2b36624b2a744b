//! Streams and consumers of a case.

use std::sync::Arc;

use pubsub_core::{Broker, ConsumerConfig, Limit, StreamConfig, StreamName};

use super::{TestConsumer, Trial};
use crate::check::{CaseResult, Failure};

impl Trial {
    /// The configuration of a stream without limits that stores these labels' subjects, so that backends without
    /// stream limits run too.
    pub(crate) fn stream_config(&self, label: &str, subjects: &[&str]) -> CaseResult<StreamConfig> {
        let filters = subjects.iter().map(|subject| self.filter(subject)).collect::<Result<Vec<_>, _>>()?;
        Ok(StreamConfig::new(self.stream_name(label)?, filters)?
            .with_max_age(Limit::Unlimited)
            .with_max_bytes(Limit::Unlimited)
            .with_max_messages(Limit::Unlimited))
    }

    /// A stream without limits for all subjects of this case.
    pub(crate) async fn stream(&self) -> CaseResult<StreamName> {
        self.create_stream(self.stream_config("stream", &[">"])?).await
    }

    pub(crate) async fn create_stream(&self, config: StreamConfig) -> CaseResult<StreamName> {
        Ok(self.admin()?.create_stream(config).await?.config.name)
    }

    /// The configuration of a durable consumer of everything: the case's ack wait, no limits.
    pub(crate) fn consumer_config(&self, label: &str) -> CaseResult<ConsumerConfig> {
        Ok(ConsumerConfig::durable(self.consumer_name(label)?)?
            .with_ack_wait(self.ack_wait())
            .with_max_deliver(Limit::Unlimited)
            .with_max_ack_pending(Limit::Unlimited))
    }

    /// A durable consumer of everything in a stream, with the case's ack wait and without limits.
    pub(crate) async fn consumer(&self, stream: &StreamName, label: &str) -> CaseResult<TestConsumer<'_>> {
        self.create_consumer(stream, self.consumer_config(label)?).await
    }

    pub(crate) async fn create_consumer(
        &self,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> CaseResult<TestConsumer<'_>> {
        self.create_consumer_over(self.broker(), stream, config).await
    }

    /// A consumer that is made and used over this connection.
    pub(crate) async fn create_consumer_over(
        &self,
        broker: &Arc<dyn Broker>,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> CaseResult<TestConsumer<'_>> {
        let admin = broker.admin().ok_or_else(|| Failure::new("this connection has no StreamAdmin"))?;
        let info = admin.create_consumer(stream, config).await?;
        let handle = broker.consumer(stream, &info.name).await?;
        Ok(TestConsumer::new(self, stream.clone(), info.name, handle))
    }

    /// Another handle on a consumer, through this connection.
    pub(crate) async fn open(
        &self,
        broker: &Arc<dyn Broker>,
        consumer: &TestConsumer<'_>,
    ) -> CaseResult<TestConsumer<'_>> {
        let handle = broker.consumer(consumer.stream(), consumer.name()).await?;
        Ok(TestConsumer::new(self, consumer.stream().clone(), consumer.name().clone(), handle))
    }
}
