//! What became of an attempt: [`Settled`].

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::headers::Headers;
use crate::message::DeliveryInfo;

/// What became of an attempt, for [`Worker::after_settle`](super::Worker::after_settle): metrics, an audit trail, tests.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settled {
    /// The message's subject.
    pub subject: String,
    /// What the message carries; `Debug` does not show it.
    pub payload: Bytes,
    /// The message's headers, those that the broker reserves included: its id is in `Nats-Msg-Id`.
    pub headers: Headers,
    /// Where the message stands in its stream and its consumer.
    pub info: DeliveryInfo,
    /// Which attempt it was, from 1.
    pub attempt: u64,
    /// For how long the handler ran.
    pub took: Duration,
    /// What became of the message.
    pub ending: Ending,
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settled")
            .field("subject", &self.subject)
            .field("sequence", &self.info.stream_sequence)
            .field("attempt", &self.attempt)
            .field("took", &self.took)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

/// What became of a message after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It is acknowledged.
    Done,
    /// It is tried again.
    Retried {
        /// After this time.
        after: Duration,
        /// Why, with every cause.
        reason: String,
    },
    /// It is in the dead letters.
    DeadLettered {
        /// Why, with every cause.
        reason: String,
    },
    /// It is given up and lost, because it was said so.
    Discarded {
        /// Why, with every cause.
        reason: String,
    },
}
