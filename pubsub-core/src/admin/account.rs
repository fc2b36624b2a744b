//! What an account uses and may use: [`AccountInfo`].

use serde::Serialize;

use crate::config::Limit;

/// What an account uses, and what it may use, at the moment when the broker was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountInfo {
    /// Bytes of streams in memory.
    pub memory: Usage,
    /// Bytes of streams in files.
    pub storage: Usage,
    /// Streams.
    pub streams: Usage,
    /// Consumers.
    pub consumers: Usage,
}

/// What is used of something, and how much may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// What is used.
    pub used: u64,
    /// What may be used.
    pub limit: Limit<u64>,
}

impl Usage {
    /// For backends.
    #[must_use]
    pub const fn new(used: u64, limit: Limit<u64>) -> Self {
        Self { used, limit }
    }
}

impl AccountInfo {
    /// For backends.
    #[must_use]
    pub const fn new(memory: Usage, storage: Usage, streams: Usage, consumers: Usage) -> Self {
        Self { memory, storage, streams, consumers }
    }
}
