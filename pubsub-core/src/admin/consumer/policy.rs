//! The choices of a consumer: where it starts, how fast it goes, and what must be acknowledged.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::config::timestamp;

/// Where a new consumer starts in its stream. It cannot be changed later.
///
/// In configuration: `"all"`, `"new"`, `"last"`, `"last_per_subject"`, `{ "from_sequence": 5 }` or
/// `{ "from_time": "2026-08-21T09:00:00Z" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliverPolicy {
    /// With the oldest message. The only one for a work-queue stream (10101).
    #[default]
    All,
    /// With the first message stored after the consumer was created.
    New,
    /// With the newest message, or with the newest that its filters match.
    Last,
    /// With the newest message of each subject that its filters match. JetStream wants a filter for that (10094); a
    /// consumer without one is given `>`.
    LastPerSubject,
    /// With this sequence, from 1. One beyond the end is waited for (by nats-server 2.11 and newer).
    FromSequence(u64),
    /// With the first message stored at this time or later. A future time is like `New` until then.
    FromTime(#[serde(with = "timestamp")] SystemTime),
}

/// Which deliveries must be acknowledged. It cannot be changed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AckPolicy {
    /// Each one by itself.
    #[default]
    Explicit,
    /// An ack counts for every earlier delivery too. Not for a consumer that several instances share.
    All,
    /// None: a delivery is done when it is handed out, and never comes again. Not for a work-queue stream (10084).
    None,
}

/// How fast messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplayPolicy {
    /// As fast as they are taken.
    #[default]
    Instant,
    /// With the time between them with which they were stored.
    Original,
}

impl fmt::Display for ReplayPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instant => "instant",
            Self::Original => "original",
        })
    }
}

impl fmt::Display for DeliverPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::New => f.write_str("new"),
            Self::Last => f.write_str("last"),
            Self::LastPerSubject => f.write_str("last_per_subject"),
            Self::FromSequence(sequence) => write!(f, "from_sequence {sequence}"),
            Self::FromTime(time) => match timestamp::format(*time) {
                Some(text) => write!(f, "from_time {text}"),
                None => write!(f, "from_time {time:?}"),
            },
        }
    }
}

impl fmt::Display for AckPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Explicit => "explicit",
            Self::All => "all",
            Self::None => "none",
        })
    }
}
