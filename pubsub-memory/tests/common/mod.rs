//! What the tests of this backend share: one stream, short calls.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{
    Broker, Consumer, ConsumerConfig, ConsumerInfo, ConsumerName, Delivery, FetchOptions, Limit,
    OutboundMessage, PublisherExt, Receipt, Result, StreamAdmin, StreamConfig, StreamInfo, StreamName,
};
use pubsub_memory::{MemoryBroker, MemoryServer};

pub const SECOND: Duration = Duration::from_secs(1);

/// A connection to a server with one stream, `S`.
pub struct Setup {
    pub server: MemoryServer,
    pub broker: MemoryBroker,
    pub stream: StreamName,
}

/// A stream over `s.>` that nothing leaves by itself.
pub fn stream() -> StreamConfig {
    StreamConfig::new("S", ["s.>"])
        .unwrap()
        .with_max_age(Limit::Unlimited)
        .with_max_bytes(Limit::Unlimited)
        .with_max_messages(Limit::Unlimited)
}

pub fn durable(name: &str) -> ConsumerConfig {
    ConsumerConfig::durable(name).unwrap().with_ack_wait(30 * SECOND)
}

impl Setup {
    pub async fn new(config: StreamConfig) -> Self {
        Self::over(MemoryServer::default().connect(), config).await
    }

    pub async fn over(broker: MemoryBroker, config: StreamConfig) -> Self {
        let stream = config.name.clone();
        broker.admin().unwrap().create_stream(config).await.unwrap();
        Self { server: broker.server().clone(), broker, stream }
    }

    pub fn admin(&self) -> Arc<dyn StreamAdmin> {
        self.broker.admin().unwrap()
    }

    pub async fn consumer(&self, config: ConsumerConfig) -> Arc<dyn Consumer> {
        let info = self.admin().create_consumer(&self.stream, config).await.unwrap();
        self.open(info.name.as_str()).await.unwrap()
    }

    pub async fn open(&self, name: &str) -> Result<Arc<dyn Consumer>> {
        self.broker.consumer(&self.stream, &ConsumerName::new(name).unwrap()).await
    }

    pub async fn publish(&self, subject: &str) -> Receipt {
        self.broker.publisher().publish(subject, "payload").await.unwrap()
    }

    pub async fn publish_id(&self, subject: &str, id: &str) -> Result<Receipt> {
        let message = OutboundMessage::new(subject, "payload")?.with_id(id)?;
        self.broker.publisher().publish_message(message).await
    }

    /// Publishes so many messages on `s.a`.
    pub async fn fill(&self, messages: usize) {
        for _ in 0..messages {
            self.publish("s.a").await;
        }
    }

    pub async fn info(&self) -> StreamInfo {
        self.admin().stream_info(&self.stream).await.unwrap()
    }

    pub async fn consumer_info(&self, name: &str) -> Result<ConsumerInfo> {
        self.admin().consumer_info(&self.stream, &ConsumerName::new(name).unwrap()).await
    }

    /// The sequences that the stream still holds.
    pub async fn stored(&self) -> Vec<u64> {
        let info = self.info().await;
        let mut stored = Vec::new();
        for sequence in info.first_sequence..=info.last_sequence {
            let selector = pubsub_core::MessageSelector::Sequence(sequence);
            if self.admin().get_message(&self.stream, selector).await.is_ok() {
                stored.push(sequence);
            }
        }
        stored
    }
}

/// What there is now.
pub async fn take(consumer: &Arc<dyn Consumer>, max: usize) -> Vec<Delivery> {
    consumer.fetch(FetchOptions::up_to(max).with_expires(Duration::ZERO)).await.unwrap()
}

/// What comes within ten minutes.
pub async fn wait(consumer: &Arc<dyn Consumer>, max: usize) -> Vec<Delivery> {
    consumer.fetch(FetchOptions::up_to(max).with_expires(600 * SECOND)).await.unwrap()
}

pub fn sequences(batch: &[Delivery]) -> Vec<u64> {
    batch.iter().map(|delivery| delivery.info().stream_sequence).collect()
}

pub fn attempts(batch: &[Delivery]) -> Vec<u64> {
    batch.iter().map(|delivery| delivery.info().attempt).collect()
}

pub async fn ack_all(batch: Vec<Delivery>) {
    for delivery in batch {
        delivery.ack_confirmed().await.unwrap();
    }
}
