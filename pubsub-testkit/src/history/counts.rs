//! The counters that a history can prove wrong: [`ConsumerCounts`], [`StreamCounts`].

use pubsub_core::{ConsumerInfo, StreamInfo};
use serde::{Deserialize, Serialize};

/// What a consumer says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConsumerCounts {
    /// Deliveries, redeliveries included.
    pub(crate) deliveries: u64,
    /// The sequence of the last delivery.
    pub(crate) last_delivered: u64,
    pub(crate) ack_pending: u64,
    pub(crate) pending: u64,
}

impl From<&ConsumerInfo> for ConsumerCounts {
    fn from(info: &ConsumerInfo) -> Self {
        Self {
            deliveries: info.delivered.consumer,
            last_delivered: info.delivered.stream,
            ack_pending: info.ack_pending,
            pending: info.pending,
        }
    }
}

/// What a stream says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamCounts {
    pub(crate) messages: u64,
    pub(crate) last_sequence: u64,
}

impl From<&StreamInfo> for StreamCounts {
    fn from(info: &StreamInfo) -> Self {
        Self { messages: info.messages, last_sequence: info.last_sequence }
    }
}
