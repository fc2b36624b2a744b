//! Where a consumer stands: [`ConsumerInfo`].

use std::time::SystemTime;

use serde::Serialize;

use super::ConsumerConfig;
use crate::admin::StoredMessage;
use crate::config::timestamp;
use crate::message::DeliveryInfo;
use crate::name::{ConsumerName, StreamName};

/// A consumer's configuration and counters, at the moment when the broker was asked.
///
/// It serialises for reports: times are RFC 3339 in UTC, the configuration reads as in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConsumerInfo {
    /// The stream that it reads.
    pub stream: StreamName,
    /// Its name; for an ephemeral consumer, perhaps the broker's choice.
    pub name: ConsumerName,
    /// Its configuration, as the broker has it.
    pub config: ConsumerConfig,
    /// When it was created.
    #[serde(with = "timestamp")]
    pub created: SystemTime,
    /// The last delivery.
    pub delivered: SequencePair,
    /// The last delivery below which everything is settled. Versions of nats-server differ in it for a fresh consumer
    /// and after an exhausted message: do not compare it between backends.
    pub ack_floor: SequencePair,
    /// How many messages are delivered and not settled. One that waits for its redelivery counts.
    pub ack_pending: u64,
    /// How many of those were delivered more than once.
    pub redelivered: u64,
    /// How many messages that it will see were never delivered yet.
    pub pending: u64,
    /// How many requests for messages are waiting.
    pub waiting: u64,
    /// Until when it is paused; `None` if it is not.
    #[serde(with = "timestamp::option", skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<SystemTime>,
    /// Since when one of those who ask is pinned (see [`PriorityPolicy::Pinned`](crate::PriorityPolicy::Pinned)); `None` if
    /// none is.
    #[serde(with = "timestamp::option", skip_serializing_if = "Option::is_none")]
    pub pinned_since: Option<SystemTime>,
}

/// One delivery, counted in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[non_exhaustive]
pub struct SequencePair {
    /// The number of the delivery among all of this consumer, redeliveries included; 0 before the first.
    pub consumer: u64,
    /// The sequence of the message in its stream.
    pub stream: u64,
}

impl SequencePair {
    /// For backends.
    #[must_use]
    pub const fn new(consumer: u64, stream: u64) -> Self {
        Self { consumer, stream }
    }
}

impl ConsumerInfo {
    /// For backends: a consumer that has delivered nothing and has nothing to deliver. Set the fields that differ.
    #[must_use]
    pub fn new(stream: StreamName, name: ConsumerName, config: ConsumerConfig, created: SystemTime) -> Self {
        Self {
            stream,
            name,
            config,
            created,
            delivered: SequencePair::default(),
            ack_floor: SequencePair::default(),
            ack_pending: 0,
            redelivered: 0,
            pending: 0,
            waiting: 0,
            paused_until: None,
            pinned_since: None,
        }
    }

    /// For backends that keep their consumers themselves: counts one more delivery of `stored`, the `attempt`th (from
    /// 1), after which `pending` messages were never delivered, and says where it stands.
    pub fn count_delivery(&mut self, stored: &StoredMessage, attempt: u64, pending: u64) -> DeliveryInfo {
        self.pending = pending;
        self.delivered.consumer += 1;
        self.delivered.stream = self.delivered.stream.max(stored.sequence);
        DeliveryInfo::new(
            self.stream.clone(),
            self.name.clone(),
            stored.sequence,
            self.delivered.consumer,
            attempt,
            pending,
            stored.published_at,
        )
    }

    /// For backends that keep their consumers themselves: sets [`ack_pending`](Self::ack_pending),
    /// [`redelivered`](Self::redelivered) and [`ack_floor`](Self::ack_floor) by the last delivery of each message that
    /// is delivered and not settled.
    pub fn count_open<'a>(&mut self, open: impl IntoIterator<Item = &'a DeliveryInfo>) {
        (self.ack_pending, self.redelivered) = (0, 0);
        self.ack_floor = self.delivered;
        for delivery in open {
            self.ack_pending += 1;
            self.redelivered += u64::from(delivery.is_redelivery());
            let floor = &mut self.ack_floor;
            floor.consumer = floor.consumer.min(delivery.consumer_sequence.saturating_sub(1));
            floor.stream = floor.stream.min(delivery.stream_sequence.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use bytes::Bytes;

    use super::*;
    use crate::Headers;

    fn deliver(info: &mut ConsumerInfo, sequence: u64, attempt: u64) -> DeliveryInfo {
        let at = SystemTime::UNIX_EPOCH;
        let stored = StoredMessage::new("ride.pickup".into(), sequence, at, Headers::new(), Bytes::new());
        info.count_delivery(&stored, attempt, 3)
    }

    fn users() -> ConsumerInfo {
        let (stream, config) = (StreamName::new("RIDE").unwrap(), ConsumerConfig::durable("users").unwrap());
        let name = config.name.clone().unwrap();
        ConsumerInfo::new(stream, name, config, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn deliveries_are_counted_and_a_redelivery_does_not_move_back_in_the_stream() {
        let mut info = users();
        deliver(&mut info, 4, 1);
        deliver(&mut info, 9, 1);
        let again = deliver(&mut info, 4, 2);
        assert_eq!(info.delivered, SequencePair::new(3, 9));
        assert_eq!(
            (again.stream_sequence, again.consumer_sequence, again.attempt, again.pending),
            (4, 3, 2, 3)
        );
    }

    #[test]
    fn the_floor_is_below_everything_that_is_open() {
        let mut info = users();
        deliver(&mut info, 1, 1);
        let two = deliver(&mut info, 2, 1);
        deliver(&mut info, 3, 1);
        let three = deliver(&mut info, 3, 2);
        info.count_open([&two, &three]);
        assert_eq!((info.ack_pending, info.redelivered), (2, 1));
        assert_eq!(info.ack_floor, SequencePair::new(1, 1));
    }

    #[test]
    fn with_nothing_open_the_floor_is_the_last_delivery() {
        let mut info = users();
        deliver(&mut info, 1, 1);
        info.count_open([]);
        assert_eq!((info.ack_pending, info.ack_floor), (0, info.delivered));
    }

    #[test]
    fn it_serialises_with_readable_units() {
        let (stream, name) = (StreamName::new("RIDE").unwrap(), ConsumerName::new("users").unwrap());
        let config = ConsumerConfig::durable("users").unwrap();
        let created = UNIX_EPOCH + Duration::from_secs(1_787_302_800);
        let mut info = ConsumerInfo::new(stream, name, config, created);
        info.delivered = SequencePair::new(3, 2);
        let json = serde_json::to_value(&info).unwrap();
        assert_eq!(json["created"], "2026-08-21T09:00:00Z");
        assert_eq!(json["config"]["ack_wait"], "30s");
        assert_eq!(json["delivered"], serde_json::json!({ "consumer": 3, "stream": 2 }));
    }
}
