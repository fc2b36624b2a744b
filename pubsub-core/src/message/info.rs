//! Where a delivery stands: [`DeliveryInfo`].

use std::time::SystemTime;

use serde::Serialize;

use crate::config::timestamp;
use crate::name::{ConsumerName, StreamName};

/// Where a message stands in its stream and in its consumer. It serialises for reports, with its time in RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    #[serde(with = "timestamp")]
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
        Self { stream, consumer, stream_sequence, consumer_sequence, attempt, pending, published_at }
    }

    /// Whether the message was delivered to this consumer before.
    #[must_use]
    pub fn is_redelivery(&self) -> bool {
        self.attempt > 1
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn it_serialises_with_a_readable_time() {
        let (stream, consumer) = (StreamName::new("RIDE").unwrap(), ConsumerName::new("users").unwrap());
        let published_at = UNIX_EPOCH + Duration::from_secs(1_787_302_800);
        let info = DeliveryInfo::new(stream, consumer, 7, 9, 2, 1, published_at);
        let expected = serde_json::json!({
            "stream": "RIDE", "consumer": "users", "stream_sequence": 7, "consumer_sequence": 9,
            "attempt": 2, "pending": 1, "published_at": "2026-08-21T09:00:00Z",
        });
        assert_eq!(serde_json::to_value(&info).unwrap(), expected);
    }
}
