//! The choices of a stream: how long it keeps messages, where, and what a full one does.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What lets a message leave a stream, besides its limits, which always apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Retention {
    /// Only the limits: a log that any number of consumers read.
    #[default]
    Limits,
    /// A message leaves when every consumer whose filter matches it has settled it, by ack or term. Without such a
    /// consumer it is confirmed and not stored.
    Interest,
    /// A message leaves when its one consumer has settled it, by ack or term. The filters of two consumers may not
    /// overlap.
    WorkQueue,
}

/// Where a stream keeps its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Storage {
    /// On disk: messages survive a restart of the broker. An in-process backend keeps them while it lives.
    #[default]
    File,
    /// In the broker's memory: messages are gone after its restart.
    Memory,
}

/// What a full stream does with the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Discard {
    /// Removes the oldest messages, settled or not.
    #[default]
    Old,
    /// Refuses the new message: the publish fails with `Conflict` (10077).
    New,
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limits => "limits",
            Self::Interest => "interest",
            Self::WorkQueue => "work_queue",
        })
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Memory => "memory",
        })
    }
}

impl fmt::Display for Discard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "old",
            Self::New => "new",
        })
    }
}
