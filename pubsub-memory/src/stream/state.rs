//! What a stream is and knows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pubsub_core::{Error, MessageId, Result, StreamConfig, StreamName, Subject, SubjectMapping};
use tokio::time::Instant;

use super::account::Counted;
use super::consumers::Consumers;
use super::dedup::Dedup;
use super::effects::{Effects, Notice};
use super::messages::Messages;
use super::publish::{Republisher, only_keeps};
use super::schedules::Schedules;
use super::time::{Alarm, Lifetimes};
use crate::clock::Clock;
use crate::config::MemoryConfig;
use crate::error;
use crate::store::Usage;

/// One stream, under its lock.
#[derive(Debug)]
pub(crate) struct StreamState {
    pub(super) config: StreamConfig,
    pub(super) duplicate_window: Duration,
    pub(super) created: SystemTime,
    pub(super) clock: Clock,
    pub(super) bounds: Arc<MemoryConfig>,
    /// What all streams of the store hold, and what of it is this one's.
    pub(super) usage: Arc<Usage>,
    pub(super) counted: Counted,
    pub(super) messages: Messages,
    pub(super) dedup: Dedup,
    pub(super) consumers: Consumers,
    pub(super) deleted: bool,
    /// Whether messages have left that somebody may hold unsettled, and consumers wait for room.
    pub(super) unblocks: bool,
    /// Whether messages are kept and nothing else is done with them.
    pub(super) only_keeps: bool,
    /// Up to when no message is too old.
    pub(super) young_until: Option<Instant>,
    /// The stream's transform, ready to be applied.
    pub(super) mapping: Option<SubjectMapping>,
    pub(super) republisher: Option<Republisher>,
    /// The id of the newest message, also if it is gone.
    pub(super) last_id: Option<MessageId>,
    pub(super) lifetimes: Lifetimes,
    pub(super) schedules: Schedules,
    /// Below this sequence no message can become too old.
    pub(super) ageless_below: u64,
    /// Up to when everything that happens by itself has happened.
    pub(super) lived_until: Instant,
    pub(super) alarm: Option<Alarm>,
    /// Whether anybody hears of removals.
    pub(super) heard: bool,
    /// Whether a delivery may be unsettled, and the slot of a consumer that had one.
    pub(super) may_be_in_flight: bool,
    pub(super) in_flight_at: usize,
    /// What is to be told of removals.
    pub(super) removed: Vec<Notice>,
    /// When there is something to tell although nobody calls.
    pub(super) tells_at: Option<Instant>,
}

impl StreamState {
    /// # Errors
    /// Those of a transform that does not fit.
    pub(crate) fn new(
        config: StreamConfig,
        bounds: Arc<MemoryConfig>,
        usage: Arc<Usage>,
        clock: Clock,
    ) -> Result<Self> {
        let now = Instant::now();
        Ok(Self {
            only_keeps: only_keeps(&config),
            young_until: None,
            mapping: mapping(&config)?,
            republisher: republisher(&config)?,
            duplicate_window: config.effective_duplicate_window(),
            config,
            created: clock.wall(now),
            clock,
            bounds,
            usage,
            counted: Counted::default(),
            messages: Messages::new(),
            dedup: Dedup::default(),
            consumers: Consumers::default(),
            deleted: false,
            last_id: None,
            lifetimes: Lifetimes::default(),
            schedules: Schedules::default(),
            ageless_below: 0,
            lived_until: now,
            alarm: None,
            unblocks: false,
            heard: false,
            may_be_in_flight: true,
            in_flight_at: 0,
            removed: Vec::new(),
            tells_at: None,
        })
    }

    pub(super) fn name(&self) -> &StreamName {
        &self.config.name
    }

    /// Does what follows from an operation, at its end.
    pub(super) fn conclude(&mut self, now: Instant, effects: &mut Effects) {
        if std::mem::take(&mut self.unblocks) {
            self.unblock(now, effects);
        }
        self.conclude_telling(effects);
        self.settle_account();
    }

    /// Ends the stream: whoever waits is woken and finds it gone.
    pub(crate) fn delete(&mut self, effects: &mut Effects) {
        self.deleted = true;
        self.consumers.wake_all(effects);
        self.consumers = Consumers::default();
        self.messages = Messages::new();
        self.dedup = Dedup::default();
        self.lifetimes.clear();
        self.schedules.clear();
    }

    /// A stream that was deleted since it was looked up is as if it had been before.
    pub(crate) fn check_open_to(&self, subject: &Subject) -> Result<()> {
        if self.deleted { Err(error::no_stream_for(subject)) } else { Ok(()) }
    }

    pub(crate) fn check_exists(&self) -> Result<(), Error> {
        if self.deleted { Err(Error::stream_not_found(self.name())) } else { Ok(()) }
    }
}

pub(super) fn mapping(config: &StreamConfig) -> Result<Option<SubjectMapping>> {
    config.subject_transform.as_ref().map(pubsub_core::SubjectTransform::prepare).transpose()
}

pub(super) fn republisher(config: &StreamConfig) -> Result<Option<Republisher>> {
    config.republish.as_ref().map(Republisher::new).transpose()
}
