//! Where a delivery stands: [`DeliveryInfo`].

use std::time::SystemTime;

use crate::name::{ConsumerName, StreamName};

/// Where a message stands in its stream and in its consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryInfo {
    /// The stream that stores the message.
    pub stream: StreamName,
    /// The consumer that delivered it.
    pub consumer: ConsumerName,
    /// Its place in the stream, from 1; settlements go by it.
    pub stream_sequence: u64,
    /// The consumer's count of deliveries, redeliveries included, from 1.
    pub consumer_sequence: u64,
    /// Which attempt to deliver this message to this consumer it is, from 1.
    pub attempt: u64,
    /// How many messages that match the consumer's filters were not delivered yet when this one was.
    pub pending: u64,
    /// When the stream stored the message, by the broker's clock.
    pub published_at: SystemTime,
}

impl DeliveryInfo {
    /// The facts about one delivery. For backends.
    #[must_use]
    pub fn new(
        stream: StreamName,
        consumer: ConsumerName,
        stream_sequence: u64,
        consumer_sequence: u64,
        attempt: u64,
        pending: u64,
        published_at: SystemTime,
    ) -> Self {
        Self {
            stream,
            consumer,
            stream_sequence,
            consumer_sequence,
            attempt,
            pending,
            published_at,
        }
    }

    /// Whether the message was delivered to this consumer before.
    #[must_use]
    pub fn is_redelivery(&self) -> bool {
        self.attempt > 1
    }
}
