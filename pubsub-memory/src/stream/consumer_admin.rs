//! Creating, changing and deleting consumers.

use std::sync::Arc;

use pubsub_core::{
    AckPolicy, ConsumerConfig, ConsumerInfo, ConsumerName, DeliverPolicy, Error, Limit, Result, Retention,
};
use tokio::time::Instant;

use super::consumers::ConsumerKey;
use super::effects::Effects;
use super::state::StreamState;
use crate::clock::Clock;
use crate::consumer::{Acks, ConsumerState, Selector};
use crate::{error, known};

const NOT_UPDATABLE: u16 = 10012;

/// The first server whose consumers begin with their floor where they start, and let it pass exhausted messages.
pub(super) const TRACKS_EXHAUSTED: (u16, u16) = (2, 14);
/// Since when a request with two bounds overflows where one is reached.
pub(super) const ONE_BOUND_WILL_DO: (u16, u16) = (2, 12);

/// The first server that looks at the start of a work queue's consumer before its filters.
const START_FIRST: (u16, u16) = (2, 14);

/// Remedies for what a work queue refuses.
const EXPLICIT: &str = "use the ack policy `explicit`";
const SHARE: &str = "share the existing consumer, or give both filters that do not overlap";

impl StreamState {
    /// Creates a consumer, or finds the same one.
    pub(crate) fn create_consumer(
        &mut self,
        mut config: ConsumerConfig,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<ConsumerInfo> {
        self.check_exists()?;
        if let Some(slot) = config.name.as_ref().and_then(|name| self.consumers.slot(name)) {
            return self.same_consumer(slot, &config, now, effects);
        }
        self.check_consumer(&config)?;
        self.check_consumer_count()?;
        self.check_work_queue(&config)?;
        let name = config.name.take().unwrap_or_else(|| self.consumers.unused_name());
        config.name = Some(name.clone());
        let start = match config.deliver {
            // The last of each subject is all there is.
            DeliverPolicy::LastPerSubject if self.config.max_messages_per_subject == Limit::At(1) => {
                DeliverPolicy::All
            }
            start => start,
        };
        let tracks_exhausted = self.bounds.server_version.is_at_least(TRACKS_EXHAUSTED);
        let held = (&self.messages, &self.clock);
        let mut consumer = ConsumerState::new(name, config, start, held, tracks_exhausted, now);
        consumer.overflows_by_both = !self.bounds.server_version.is_at_least(ONE_BOUND_WILL_DO);
        let wanted = self.kept_for(&consumer);
        self.hold(&wanted);
        let slot = self.consumers.insert(consumer);
        self.info_at(slot, now, effects)
    }

    fn same_consumer(
        &mut self,
        slot: usize,
        wanted: &ConsumerConfig,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<ConsumerInfo> {
        if let Some(existing) = self.consumers.at(slot) {
            wanted.must_equal(self.name(), &existing.config)?;
        }
        self.info_at(slot, now, effects)
    }

    /// Changes a consumer. What is in flight stays so, also where the new filters do not match it.
    pub(crate) fn update_consumer(
        &mut self,
        config: ConsumerConfig,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<ConsumerInfo> {
        self.check_exists()?;
        let missing = |name: &ConsumerName| error::consumer_to_update_not_found(self.name(), name);
        let Some(name) = &config.name else {
            return Err(Error::config("name", "an update needs the name of a consumer"));
        };
        let slot = self.consumers.slot(name).ok_or_else(|| missing(name))?;
        let existing = self.consumers.at(slot).ok_or_else(|| missing(name))?;
        let differences = config.differences(&existing.config);
        self.check_consumer(&config)?;
        if let Some(fixed) = differences.iter().find(|difference| !difference.can_be_updated()) {
            return Err(error::not_updatable(fixed.field, fixed, NOT_UPDATABLE)
                .with_context("stream", self.name())
                .with_context("consumer", name));
        }
        self.check_work_queue_update(&config, slot)?;
        let before = self.consumers.at(slot).map(|consumer| self.kept_for(consumer)).unwrap_or_default();
        let changes_filters = differences.iter().any(|difference| difference.field == "filters");
        let messages = &self.messages;
        self.consumers.change(slot, |consumer| consumer.reconfigure(config, messages));
        let after = self.consumers.at(slot).map(|consumer| self.kept_for(consumer)).unwrap_or_default();
        self.hold(&after);
        self.unhold(&before);
        if changes_filters {
            self.sweep_from_floor(slot);
        }
        if let Some(consumer) = self.consumers.at_mut(slot) {
            consumer.wake_all(effects);
        }
        self.info_at(slot, now, effects)
    }

    pub(crate) fn delete_consumer(&mut self, name: &ConsumerName, effects: &mut Effects) -> Result<()> {
        self.check_exists()?;
        let slot = self.consumers.slot(name).ok_or_else(|| Error::consumer_not_found(self.name(), name))?;
        self.remove_consumer(slot, effects);
        Ok(())
    }

    /// Ends a consumer, and frees what only it was holding.
    pub(super) fn remove_consumer(&mut self, slot: usize, effects: &mut Effects) {
        let Some(mut consumer) = self.consumers.remove(slot) else {
            return;
        };
        consumer.wake_all(effects);
        if self.config.retention == Retention::Interest && self.consumers.len() == 0 {
            self.clear(0);
            return;
        }
        let kept = self.kept_for(&consumer);
        self.unhold(&kept);
        self.sweep(consumer.settled_below(), u64::MAX, &Selector::All);
    }

    /// Removes what nobody needs any more since this consumer does not.
    fn sweep_from_floor(&mut self, slot: usize) {
        if let Some(from) = self.consumers.at(slot).map(ConsumerState::settled_below) {
            self.sweep(from, u64::MAX, &Selector::All);
        }
    }

    pub(crate) fn consumer_info(
        &mut self,
        name: &ConsumerName,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<ConsumerInfo> {
        self.check_exists()?;
        let slot = self.consumers.slot(name).ok_or_else(|| Error::consumer_not_found(self.name(), name))?;
        self.info_at(slot, now, effects)
    }

    pub(crate) fn list_consumers(
        &mut self,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<Vec<ConsumerInfo>> {
        self.check_exists()?;
        let slots = self.consumers.slots();
        slots.into_iter().map(|slot| self.info_at(slot, now, effects)).collect()
    }

    /// What a handle for a consumer needs. It is counted until [`close_handle`](Self::close_handle).
    pub(crate) fn open_handle(
        &mut self,
        name: &ConsumerName,
        now: Instant,
    ) -> Result<(ConsumerKey, Arc<Acks>, Clock)> {
        self.check_exists()?;
        let missing = || Error::consumer_not_found(self.name(), name);
        let key = self.consumers.key(name).ok_or_else(missing)?;
        let consumer =
            self.consumers.get_mut(key).ok_or_else(|| Error::consumer_not_found(&self.config.name, name))?;
        consumer.opened(now);
        Ok((key, consumer.acks(), self.clock))
    }

    pub(crate) fn close_handle(&mut self, key: ConsumerKey, now: Instant) {
        if let Some(consumer) = self.consumers.get_mut(key) {
            consumer.released(now);
        }
    }

    pub(super) fn info_at(
        &mut self,
        slot: usize,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<ConsumerInfo> {
        if let Some(consumer) = self.consumers.at_mut(slot) {
            consumer.advance(&self.messages, now, effects);
        }
        self.offer(slot, now, effects);
        let (stream, storage) = (&self.config.name, self.config.storage);
        let consumer = self.consumers.at_mut(slot).ok_or_else(|| Error::stream_not_found(stream))?;
        let mut info = consumer.info(stream, storage, &self.messages, now);
        info.pinned_since = consumer.pinned_since().map(|since| self.clock.wall(since));
        Ok(info)
    }

    fn check_consumer_count(&self) -> Result<()> {
        let count = u32::try_from(self.consumers.len()).unwrap_or(u32::MAX);
        if let Some(limit) = self.config.max_consumers.at()
            && count >= limit
        {
            return Err(error::too_many_consumers(self.name(), limit, "max_consumers"));
        }
        let bound = self.bounds.max_consumers_per_stream;
        if count >= bound {
            return Err(error::too_many_consumers(self.name(), bound, "max_consumers_per_stream"));
        }
        Ok(())
    }

    /// What is refused whatever else there is: each message of a work queue must be acked.
    fn check_consumer(&self, config: &ConsumerConfig) -> Result<()> {
        known::consumer(config)?;
        if self.config.retention == Retention::WorkQueue && config.ack == AckPolicy::None {
            return Err(self.work_queue_refuses(config, 10084, "a work-queue consumer must ack", EXPLICIT));
        }
        Ok(())
    }

    /// The other rules of a work queue: each message has exactly one consumer. In the order of nats-server 2.15.1
    /// (measured).
    fn check_work_queue(&self, config: &ConsumerConfig) -> Result<()> {
        if self.config.retention != Retention::WorkQueue {
            return Ok(());
        }
        let refused = |code, message, remedy| Err(self.work_queue_refuses(config, code, message, remedy));
        if config.ack != AckPolicy::Explicit {
            return refused(10098, "a work-queue consumer must ack each message", EXPLICIT);
        }
        let start = || {
            let starts_late = config.deliver != DeliverPolicy::All;
            let refused =
                || refused(10101, "a work-queue consumer starts with the oldest message", "deliver all");
            if starts_late { refused() } else { Ok(()) }
        };
        let start_first = self.bounds.server_version.is_at_least(START_FIRST);
        if start_first {
            start()?;
        }
        // One that starts with the last of each subject has a filter on the wire.
        let is_unfiltered = config.filters.is_empty() && config.deliver != DeliverPolicy::LastPerSubject;
        if is_unfiltered && self.consumers.len() > 0 {
            return refused(
                10099,
                "a consumer without filters overlaps with every other one of the work queue",
                SHARE,
            );
        }
        self.check_overlap(config, None)?;
        if start_first { Ok(()) } else { start() }
    }

    fn check_work_queue_update(&self, config: &ConsumerConfig, slot: usize) -> Result<()> {
        if self.config.retention != Retention::WorkQueue {
            return Ok(());
        }
        self.check_overlap(config, Some(slot))
    }

    fn check_overlap(&self, config: &ConsumerConfig, except: Option<usize>) -> Result<()> {
        let wanted = Selector::of(config);
        let mut others = self.consumers.slots().into_iter().filter(|slot| Some(*slot) != except);
        let overlaps =
            |slot: usize| self.consumers.at(slot).is_some_and(|consumer| consumer.selector.overlaps(&wanted));
        if others.any(overlaps) {
            const MESSAGE: &str = "the filters overlap with those of another consumer of the work queue";
            return Err(self.work_queue_refuses(config, 10100, MESSAGE, SHARE));
        }
        Ok(())
    }

    fn work_queue_refuses(
        &self,
        config: &ConsumerConfig,
        code: u16,
        message: &'static str,
        remedy: &'static str,
    ) -> Error {
        let error = error::work_queue(self.name(), code, message, remedy);
        match &config.name {
            Some(name) => error.with_context("consumer", name),
            None => error,
        }
    }
}
