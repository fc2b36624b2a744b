//! What a stream is and holds: [`StreamInfo`].

use std::time::SystemTime;

use serde::Serialize;

use super::StreamConfig;
use crate::admin::StoredMessage;
use crate::config::timestamp;

/// A stream's configuration and counters, at the moment when the broker was asked.
///
/// It serialises for reports: times are RFC 3339 in UTC, the configuration reads as in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StreamInfo {
    /// Its configuration, as the broker has it.
    pub config: StreamConfig,
    /// When it was created.
    #[serde(with = "timestamp")]
    pub created: SystemTime,
    /// How many messages it holds.
    pub messages: u64,
    /// How many bytes they take, by the broker's own accounting: not to be compared between backends.
    pub bytes: u64,
    /// The sequence of the oldest message. In an empty stream, one above the last; 0 if it never held a message.
    pub first_sequence: u64,
    /// The sequence of the newest message ever stored; 0 if there was none.
    pub last_sequence: u64,
    /// How many consumers it has.
    pub consumers: u64,
    /// How many messages between the first and the last are gone.
    pub deleted: u64,
    /// How many distinct subjects its messages have.
    pub subjects: u64,
}

impl StreamInfo {
    /// For backends: a stream that never held a message. Set the fields that differ.
    #[must_use]
    pub fn new(config: StreamConfig, created: SystemTime) -> Self {
        Self {
            config,
            created,
            messages: 0,
            bytes: 0,
            first_sequence: 0,
            last_sequence: 0,
            consumers: 0,
            deleted: 0,
            subjects: 0,
        }
    }

    /// For backends that keep their streams themselves: counts `stored` as the newest message. Its bytes are those of
    /// subject, headers and payload.
    pub fn count_stored(&mut self, stored: &StoredMessage) {
        self.messages += 1;
        self.bytes += (stored.subject.len() + stored.headers.wire_len() + stored.payload.len()) as u64;
        self.last_sequence = stored.sequence;
        if self.messages == 1 {
            self.first_sequence = stored.sequence;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use bytes::Bytes;

    use super::*;
    use crate::Headers;

    #[test]
    fn what_is_stored_is_counted_from_the_first_message_on() {
        let at = SystemTime::UNIX_EPOCH;
        let mut info = StreamInfo::new(StreamConfig::new("RIDE", ["ride.>"]).unwrap(), at);
        for sequence in 5..=6 {
            let payload = Bytes::from_static(b"r-17");
            let stored = StoredMessage::new("ride.pickup".into(), sequence, at, Headers::new(), payload);
            info.count_stored(&stored);
        }
        assert_eq!((info.messages, info.first_sequence, info.last_sequence), (2, 5, 6));
        assert_eq!(info.bytes % 2, 0);
        assert!(info.bytes >= 2 * 15);
    }

    #[test]
    fn it_serialises_with_readable_units() {
        // A slice of `&str` is enough for the subjects.
        let config = StreamConfig::new("RIDE", ["ride.>", "match.>"].iter()).unwrap();
        let info = StreamInfo::new(config.clone(), UNIX_EPOCH + Duration::from_secs(1_787_302_800));
        let json = serde_json::to_value(&info).unwrap();
        assert_eq!(json["created"], "2026-08-21T09:00:00Z");
        assert_eq!(json["config"], serde_json::to_value(&config).unwrap());
        assert_eq!(json["last_sequence"], 0);
    }
}
