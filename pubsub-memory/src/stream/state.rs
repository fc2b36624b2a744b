//! What a stream is and knows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pubsub_core::{Error, Limit, StreamConfig, StreamName};
use tokio::time::Instant;

use super::consumers::Consumers;
use super::dedup::Dedup;
use super::effects::{Effects, Notice};
use super::messages::Messages;
use crate::clock::Clock;
use crate::config::MemoryConfig;

/// One stream, under its lock.
#[derive(Debug)]
pub(crate) struct StreamState {
    pub(super) config: StreamConfig,
    pub(super) duplicate_window: Duration,
    pub(super) created: SystemTime,
    pub(super) clock: Clock,
    pub(super) bounds: Arc<MemoryConfig>,
    pub(super) messages: Messages,
    pub(super) dedup: Dedup,
    pub(super) consumers: Consumers,
    pub(super) deleted: bool,
    /// Whether messages have left that somebody may hold unsettled, and consumers wait for room.
    pub(super) unblocks: bool,
}

impl StreamState {
    pub(crate) fn new(config: StreamConfig, bounds: Arc<MemoryConfig>, clock: Clock) -> Self {
        Self {
            duplicate_window: config.effective_duplicate_window(),
            config,
            created: clock.wall(Instant::now()),
            clock,
            bounds,
            messages: Messages::new(),
            dedup: Dedup::default(),
            consumers: Consumers::default(),
            deleted: false,
            unblocks: false,
        }
    }

    pub(super) fn name(&self) -> &StreamName {
        &self.config.name
    }

    /// Does what time has made due for the stream as a whole; each consumer's own is done when it is used.
    pub(super) fn advance(&mut self, now: Instant, effects: &mut Effects) {
        if let Limit::At(max_age) = self.config.max_age {
            self.expire(now, max_age);
        }
        while let Some((slot, name)) = self.consumers.next_expired(now) {
            self.remove_consumer(slot, effects);
            effects.notice(Notice::ConsumerExpired { consumer: name });
        }
    }

    /// Does what follows from an operation, at its end.
    pub(super) fn conclude(&mut self, now: Instant, effects: &mut Effects) {
        if std::mem::take(&mut self.unblocks) {
            self.unblock(now, effects);
        }
    }

    /// Ends the stream: whoever waits is woken and finds it gone.
    pub(crate) fn delete(&mut self, effects: &mut Effects) {
        self.deleted = true;
        self.consumers.wake_all(effects);
        self.consumers = Consumers::default();
        self.messages = Messages::new();
        self.dedup = Dedup::default();
    }

    pub(crate) fn check_exists(&self) -> Result<(), Error> {
        if self.deleted { Err(Error::stream_not_found(self.name())) } else { Ok(()) }
    }
}
