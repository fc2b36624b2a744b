//! The memory backend, through its public traits.

use std::sync::Arc;

use futures::StreamExt as _;
use pubsub_core::{
    Broker, Consumer, ConsumerConfig, FetchOptions, Limit, OutboundMessage, PublishOptions, Publisher,
    Settlement, StreamAdmin, StreamConfig, StreamName, Subject, SubscribeOptions,
};
use pubsub_memory::{MemoryConfig, MemoryServer};

use crate::Result;
use crate::sample::{Sample, Stopwatch};

/// The subject of rows that need only one.
pub(crate) const SUBJECT: &str = "bench.one";

/// How many messages one batch call has.
pub(crate) const BATCH: usize = 64;

/// A broker with one stream, without limits.
pub(crate) struct Bus {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) publisher: Arc<dyn Publisher>,
    pub(crate) admin: Arc<dyn StreamAdmin>,
    pub(crate) stream: StreamName,
}

impl Bus {
    pub(crate) async fn new() -> Result<Self> {
        Self::with(unlimited("BENCH", "bench.>")?).await
    }

    pub(crate) async fn with(config: StreamConfig) -> Result<Self> {
        let bounds = MemoryConfig::default()
            .with_max_streams(100_000)
            .with_max_consumers_per_stream(100_000)
            .with_max_messages(u64::MAX)
            .with_max_bytes(u64::MAX);
        let broker: Arc<dyn Broker> = Arc::new(MemoryServer::new(bounds)?.connect());
        let admin = broker.admin().ok_or("the memory backend has streams")?;
        let stream = admin.create_stream(config).await?.config.name;
        Ok(Self { publisher: broker.publisher(), broker, admin, stream })
    }

    /// A durable consumer, whose unsettled deliveries only these rows bound.
    pub(crate) async fn consumer(&self, name: &str, filter: Option<&str>) -> Result<Arc<dyn Consumer>> {
        let mut config = ConsumerConfig::durable(name)?
            .with_max_ack_pending(Limit::Unlimited)
            .with_max_deliver(Limit::Unlimited);
        if let Some(filter) = filter {
            config = config.with_filters([filter])?;
        }
        let name = self.admin.create_consumer(&self.stream, config).await?.name;
        Ok(self.broker.consumer(&self.stream, &name).await?)
    }

    pub(crate) async fn open(&self, name: &str) -> Result<Arc<dyn Consumer>> {
        Ok(self.broker.consumer(&self.stream, &name.try_into()?).await?)
    }
}

/// A stream that keeps everything.
pub(crate) fn unlimited(name: &str, filter: &str) -> Result<StreamConfig> {
    use Limit::Unlimited;
    let config = StreamConfig::new(name, [filter])?;
    Ok(config.with_max_age(Unlimited).with_max_bytes(Unlimited).with_max_messages(Unlimited))
}

/// Publishes one by one and waits for each receipt.
pub(crate) async fn publish_each(
    publisher: Arc<dyn Publisher>,
    payload: bytes::Bytes,
    messages: u64,
) -> Result<()> {
    let subject = Subject::new(SUBJECT)?;
    for _ in 0..messages {
        let message = OutboundMessage::new(subject.clone(), payload.clone())?;
        publisher.publish_with(message, PublishOptions::default()).await?.await?;
    }
    Ok(())
}

/// Publishes in batches and waits for all receipts of each.
pub(crate) async fn publish_batches(
    publisher: Arc<dyn Publisher>,
    payload: bytes::Bytes,
    messages: u64,
) -> Result<()> {
    let subject = Subject::new(SUBJECT)?;
    let mut left = usize::try_from(messages)?;
    while left > 0 {
        let size = left.min(BATCH);
        let mut batch = Vec::with_capacity(size);
        for _ in 0..size {
            batch.push(OutboundMessage::new(subject.clone(), payload.clone())?);
        }
        for receipt in publisher.publish_batch(batch, PublishOptions::default()).await {
            receipt?.await?;
        }
        left -= size;
    }
    Ok(())
}

/// Takes so many messages from a subscription and acks each.
pub(crate) async fn consume_each(consumer: Arc<dyn Consumer>, messages: u64) -> Result<()> {
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    for _ in 0..messages {
        deliveries.next().await.ok_or("the subscription has ended")??.ack().await?;
    }
    Ok(())
}

/// Takes so many messages in batches, and acks each batch in one call.
pub(crate) async fn consume_batches(consumer: Arc<dyn Consumer>, messages: u64) -> Result<()> {
    let mut left = usize::try_from(messages)?;
    while left > 0 {
        let batch = consumer.fetch(FetchOptions::up_to(left.min(BATCH))).await?;
        left -= batch.len();
        for settled in consumer.settle_many(batch, Settlement::ack()).await {
            settled?;
        }
    }
    Ok(())
}

/// One producer and one consumer, one message at a time.
pub(crate) async fn ack_each(config: Result<StreamConfig>, bytes: usize, messages: u64) -> Result<Sample> {
    let bus = Bus::with(config?).await?;
    let consumer = bus.consumer("one", None).await?;
    let watch = Stopwatch::start();
    let consumed = tokio::spawn(consume_each(consumer, messages));
    publish_each(Arc::clone(&bus.publisher), super::payload(bytes), messages).await?;
    consumed.await??;
    Ok(watch.stop(messages))
}

/// One producer and one consumer, a batch at a time.
pub(crate) async fn ack_batches(bytes: usize, messages: u64) -> Result<Sample> {
    let bus = Bus::new().await?;
    let consumer = bus.consumer("one", None).await?;
    let watch = Stopwatch::start();
    let consumed = tokio::spawn(consume_batches(consumer, messages));
    publish_batches(Arc::clone(&bus.publisher), super::payload(bytes), messages).await?;
    consumed.await??;
    Ok(watch.stop(messages))
}
