//! How much the store may hold: [`MemoryConfig`].

use std::path::PathBuf;

use pubsub_core::{Error, Result, config::size};
use serde::{Deserialize, Serialize};

use crate::server_version::ServerVersion;

/// The bounds of one in-process store. Streams have their own limits besides these, by default 1,000,000 messages and 100
/// MB each.
///
/// A store that is full refuses what is published, as a server does for an account that has its limits: with `Conflict` and
/// the code 10002 for messages and bytes, 10027 for streams, 10026 for consumers. It never discards what a stream is to
/// keep, and takes messages again as soon as some have left.
///
/// In a URL they are options: `memory://rides?max_payload=8MiB`.
///
/// ```
/// use pubsub_memory::MemoryConfig;
///
/// let config = MemoryConfig::default().with_max_payload(64 * 1024);
/// config.validate()?;
/// assert_eq!(config.max_streams, 10_000);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MemoryConfig {
    /// A file that keeps the store: read at the start if it is there, written at each close of a connection. By default
    /// none. See [`MemoryServer::save`](crate::MemoryServer::save).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<PathBuf>,
    /// The most bytes of one message, headers included: by default 1 MiB, as nats-server's `max_payload`.
    #[serde(with = "size")]
    pub max_payload: u64,
    /// The most streams: by default 10,000.
    pub max_streams: u32,
    /// The most consumers of one stream: by default 10,000. A stream's own `max_consumers` may be lower.
    pub max_consumers_per_stream: u32,
    /// The most messages of all streams together: by default 10,000,000.
    pub max_messages: u64,
    /// The most bytes of all streams together, counted as for a stream's `max_bytes`: by default 1 GiB. What the process
    /// takes for a message besides is about 100 bytes.
    #[serde(with = "size")]
    pub max_bytes: u64,
    /// The most plain listeners at a time: by default 10,000. Each holds as many messages as its
    /// [`buffer`](pubsub_core::CoreSubscribeOptions::buffer) at most; what it misses is counted
    /// ([`MemoryServer::missed_by_listeners`](crate::MemoryServer::missed_by_listeners)).
    pub max_listeners: u32,
    /// The most fetches and subscriptions that wait at one consumer: by default 512, as nats-server's `max_waiting`.
    pub max_waiting: u32,
    /// The most message ids that one stream remembers: by default 1,000,000. A publish with one more is refused with
    /// `Overloaded`; no id is forgotten within its window.
    pub max_message_ids: u32,
    /// The server that the store stands in for: by default the newest that is known. In a URL:
    /// `memory://?server_version=2.12`.
    pub server_version: ServerVersion,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            snapshot: None,
            max_payload: 1024 * 1024,
            max_streams: 10_000,
            max_consumers_per_stream: 10_000,
            max_messages: 10_000_000,
            max_bytes: 1024 * 1024 * 1024,
            max_listeners: 10_000,
            max_waiting: 512,
            max_message_ids: 1_000_000,
            server_version: ServerVersion::default(),
        }
    }
}

impl MemoryConfig {
    /// Sets [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn with_snapshot(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(path.into());
        self
    }

    /// Sets [`max_payload`](Self::max_payload), in bytes.
    #[must_use]
    pub fn with_max_payload(mut self, bytes: u64) -> Self {
        self.max_payload = bytes;
        self
    }

    /// Sets [`max_streams`](Self::max_streams).
    #[must_use]
    pub fn with_max_streams(mut self, streams: u32) -> Self {
        self.max_streams = streams;
        self
    }

    /// Sets [`max_consumers_per_stream`](Self::max_consumers_per_stream).
    #[must_use]
    pub fn with_max_consumers_per_stream(mut self, consumers: u32) -> Self {
        self.max_consumers_per_stream = consumers;
        self
    }

    /// Sets [`max_messages`](Self::max_messages).
    #[must_use]
    pub fn with_max_messages(mut self, messages: u64) -> Self {
        self.max_messages = messages;
        self
    }

    /// Sets [`max_bytes`](Self::max_bytes).
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets [`max_listeners`](Self::max_listeners).
    #[must_use]
    pub fn with_max_listeners(mut self, listeners: u32) -> Self {
        self.max_listeners = listeners;
        self
    }

    /// Sets [`max_waiting`](Self::max_waiting).
    #[must_use]
    pub fn with_max_waiting(mut self, waiting: u32) -> Self {
        self.max_waiting = waiting;
        self
    }

    /// Sets [`max_message_ids`](Self::max_message_ids).
    #[must_use]
    pub fn with_max_message_ids(mut self, ids: u32) -> Self {
        self.max_message_ids = ids;
        self
    }

    /// Sets [`server_version`](Self::server_version).
    #[must_use]
    pub fn with_server_version(mut self, version: ServerVersion) -> Self {
        self.server_version = version;
        self
    }

    /// Checks that every bound leaves room for something.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config), with the field.
    pub fn validate(&self) -> Result<()> {
        let bounds = [
            ("max_payload", self.max_payload),
            ("max_streams", self.max_streams.into()),
            ("max_consumers_per_stream", self.max_consumers_per_stream.into()),
            ("max_messages", self.max_messages),
            ("max_bytes", self.max_bytes),
            ("max_listeners", self.max_listeners.into()),
            ("max_waiting", self.max_waiting.into()),
            ("max_message_ids", self.max_message_ids.into()),
        ];
        match bounds.into_iter().find(|(_, bound)| *bound == 0) {
            Some((field, _)) => {
                Err(Error::config(field, format!("{field} is 0")).with_remedy("give at least 1"))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        MemoryConfig::default().validate().unwrap();
    }

    #[test]
    fn a_bound_of_zero_is_refused_by_name() {
        let error = MemoryConfig::default().with_max_waiting(0).validate().unwrap_err();
        assert_eq!(error.kind(), pubsub_core::ErrorKind::Config);
        assert_eq!(error.context("field"), Some("max_waiting"));
    }
}
