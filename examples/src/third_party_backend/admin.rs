//! Which streams and consumers there can be. What is not overridden here, the trait refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    Capabilities, Capability, ConsumerConfig, ConsumerInfo, ConsumerName, Difference, Error, ErrorKind,
    Limit, Result, StreamAdmin, StreamConfig, StreamInfo, StreamName,
};

use super::cursor::Cursor;
use super::{ChannelBroker, Stream};

#[async_trait]
impl StreamAdmin for ChannelBroker {
    fn capabilities(&self) -> Capabilities {
        Capabilities::minimum()
    }

    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        config.validate()?;
        let plain = StreamConfig::new(&config.name, config.subjects.clone())?
            .with_max_age(Limit::Unlimited)
            .with_max_bytes(Limit::Unlimited)
            .with_max_messages(Limit::Unlimited)
            .with_storage(config.storage)
            .with_description(config.description.clone().unwrap_or_default());
        refuse_other_than_plain(&config.differences(&plain))?;
        let mut store = self.store()?;
        if let Some(existing) = store.streams.get(&config.name) {
            return match config.differences(&existing.info.config) {
                none if none.is_empty() => Ok(existing.info()),
                some => Err(config.differs(&some)),
            };
        }
        let mut taken = store
            .streams
            .values()
            .flat_map(|stream| &stream.info.config.subjects);
        if let Some(taken) = taken.find(|taken| config.subjects.iter().any(|mine| mine.overlaps(taken))) {
            return Err(
                Error::new(ErrorKind::Conflict, "another stream takes some of these subjects")
                    .with_broker_code(10065)
                    .with_context("stream", &config.name)
                    .with_context("subject", taken)
                    .with_remedy("make the subjects of both streams disjoint"),
            );
        }
        let info = StreamInfo::new(config, SystemTime::now());
        let stream = Stream {
            info: info.clone(),
            log: Vec::new(),
            consumers: BTreeMap::new(),
        };
        store.streams.insert(info.config.name.clone(), stream);
        Ok(info)
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        Ok(self.store()?.stream(stream)?.info())
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        let mut store = self.store()?;
        store.stream(stream)?;
        store.streams.remove(stream);
        self.changed.notify_waiters(); // a waiting fetch learns that its consumer is gone
        Ok(())
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        config.validate()?;
        let Some(name) = config.name.clone() else {
            return Err(Error::unsupported(Capability::EphemeralConsumers.name()));
        };
        let plain = ConsumerConfig::durable(&name)?
            .with_filters(&config.filters)?
            .with_ack_wait(config.ack_wait)
            .with_max_deliver(config.max_deliver)
            .with_max_ack_pending(Limit::Unlimited)
            .with_description(config.description.clone().unwrap_or_default());
        refuse_other_than_plain(&config.differences(&plain))?;
        let mut store = self.store()?;
        let in_stream = store.stream(stream)?;
        if let Some(existing) = in_stream.consumers.get_mut(&name) {
            return match config.differences(existing.config()) {
                none if none.is_empty() => Ok(existing.info()),
                some => Err(config.differs(stream, &some)),
            };
        }
        let info = ConsumerInfo::new(stream.clone(), name.clone(), config, SystemTime::now());
        let mut cursor = Cursor::new(info);
        in_stream.log.iter().for_each(|message| cursor.offer(message));
        let info = cursor.info();
        in_stream.consumers.insert(name, cursor);
        Ok(info)
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        Ok(self.store()?.cursor(stream, consumer)?.info())
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let mut store = self.store()?;
        store.cursor(stream, consumer)?;
        store.stream(stream)?.consumers.remove(consumer);
        self.changed.notify_waiters();
        Ok(())
    }
}

/// Refuses the first field that is not as this backend has it, by the name of the capability that it takes: a field is
/// never ignored.
fn refuse_other_than_plain(differences: &[Difference]) -> Result<()> {
    let Some(difference) = differences.first() else {
        return Ok(());
    };
    let capability = match (difference.field, difference.wanted.as_str()) {
        ("retention", "interest") => Capability::InterestRetention,
        ("retention", _) => Capability::WorkQueueRetention,
        ("discard", _) => Capability::DiscardNew,
        ("duplicate_window", _) => Capability::MessageId,
        ("durable" | "inactive_threshold", _) => Capability::EphemeralConsumers,
        ("deliver", _) => Capability::StartPosition,
        ("ack", _) => Capability::AckPolicies,
        ("max_ack_pending", _) => Capability::MaxAckPending,
        ("replicas", _) => return Err(Error::unsupported("replicas")),
        _ => Capability::StreamLimits,
    };
    Err(Error::unsupported(capability.name()).with_context("field", difference.field))
}

impl Stream {
    fn info(&self) -> StreamInfo {
        let mut info = self.info.clone();
        // Nothing is ever removed.
        info.messages = info.last_sequence;
        info.first_sequence = info.last_sequence.min(1);
        info.consumers = self.consumers.len() as u64;
        let subjects: BTreeSet<_> = self.log.iter().map(|message| &message.subject).collect();
        info.subjects = subjects.len() as u64;
        info
    }
}
