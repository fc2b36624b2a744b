//! What a stream is and holds: [`StreamInfo`].

use std::time::SystemTime;

use super::StreamConfig;

/// A stream's configuration and counters, at the moment when the broker was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// Its configuration, as the broker has it.
    pub config: StreamConfig,
    /// When it was created.
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
}
