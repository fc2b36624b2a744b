//! What a consumer is and knows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use pubsub_core::{
    AckPolicy, ConsumerConfig, ConsumerInfo, ConsumerName, DeliverPolicy, Limit, ReplayPolicy, SequencePair,
    Storage, StreamName,
};
use tokio::time::Instant;

use super::acks::Acks;
use super::floor::Floor;
use super::inboxes::Inboxes;
use super::lag::Lag;
use super::pause::Pause;
use super::pending::Pending;
use super::priority::Pin;
use super::replay::Replay;
use super::waiters::Waiters;
use super::waits::wait_after;
use super::{Position, Selector, start};
use crate::clock::Clock;
use crate::stream::{Effects, Messages, Notice};

/// One consumer.
#[derive(Debug)]
pub(crate) struct ConsumerState {
    pub(crate) name: ConsumerName,
    pub(crate) config: ConsumerConfig,
    pub(crate) selector: Selector,
    pub(crate) waiters: Waiters,
    pub(crate) inboxes: Inboxes,
    pub(super) position: Position,
    pub(super) pending: Pending,
    /// Messages that had their last attempt. They stay in the stream; a late ack of one still counts.
    pub(super) exhausted: BTreeSet<u64>,
    /// Whether it began with the last message of each subject, and found some.
    pub(super) has_picked: bool,
    /// Whether the floor passes exhausted messages, and those are forgotten that have left the stream.
    pub(crate) tracks_exhausted: bool,
    /// Whether a request with two bounds overflows only where both are reached: up to 2.11.
    pub(crate) overflows_by_both: bool,
    /// All deliveries, and the highest message delivered.
    pub(super) delivered: SequencePair,
    pub(super) floor: Floor,
    /// The floor as it shows: a message that had its last attempt moves it only with the next settlement.
    pub(super) shown_floor: Floor,
    /// Of the unsettled and exhausted messages, those whose removal is not told: a purge of several at once, or what the
    /// filters no longer match. They stay until their ack wait is over, as on a server.
    pub(super) untold: BTreeSet<u64>,
    pub(super) turns: Turns,
    /// What its stream has taken note of.
    pub(crate) noted: Waits,
    pub(super) pause: Option<Pause>,
    pub(super) pin: Pin,
    /// While messages come with the time between them.
    pub(super) replay: Option<Replay>,
    /// Delivered without acks since the last look, so that retention may let go of them.
    pub(super) settled: Vec<u64>,
    pub(super) created: SystemTime,
    pub(super) last_used: Instant,
    /// Up to where [`Messages::dropped`] is known here.
    pub(super) dropped: u64,
    /// What is left for later.
    pub(super) lag: Lag,
    /// Acks that its handles leave there.
    pub(super) acks: Arc<Acks>,
}

/// Whether somebody waits at a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Waits {
    pub(crate) at_all: bool,
    /// At its `max_ack_pending`.
    pub(crate) for_room: bool,
}

impl Waits {
    pub(crate) fn of(consumer: &ConsumerState) -> Self {
        // Fetches that are on their way need no more news.
        let asks = consumer.inboxes.have_asked() || consumer.waiters.has_asleep() || consumer.chooses();
        let is_waited_on = consumer.is_waited_on() && !consumer.leaves_deliveries();
        Self { at_all: is_waited_on && asks, for_room: is_waited_on && consumer.is_stalled() }
    }
}

/// Who took messages last, so that several handles on one consumer all get some.
#[derive(Debug, Default)]
pub(super) struct Turns {
    pub(super) handles: usize,
    pub(super) last: u64,
    pub(super) in_a_row: usize,
    /// Between fetches that wait and subscriptions.
    pub(super) fetch_is_next: bool,
}

impl ConsumerState {
    /// `tracks_exhausted` is true as of 2.14, since when the floor also begins where the consumer does.
    pub(crate) fn new(
        name: ConsumerName,
        mut config: ConsumerConfig,
        start: DeliverPolicy,
        (messages, clock): (&Messages, &Clock),
        tracks_exhausted: bool,
        now: Instant,
    ) -> Self {
        config.ack_wait = config.effective_ack_wait();
        let selector = Selector::of(&config);
        let replay = (config.replay == ReplayPolicy::Original).then(|| Replay::new(messages.log().last()));
        let position = start::position(start, &selector, messages, clock);
        let start = position.next_sequence();
        let has_picked = position.picked().next().is_some();
        let floor = if tracks_exhausted { start } else { 0 };
        Self {
            name,
            config,
            selector,
            waiters: Waiters::default(),
            inboxes: Inboxes::default(),
            position,
            pending: Pending::default(),
            exhausted: BTreeSet::new(),
            tracks_exhausted,
            overflows_by_both: false,
            has_picked,
            delivered: SequencePair::new(0, start.saturating_sub(1)),
            floor: Floor::before(floor),
            shown_floor: Floor::before(floor),
            untold: BTreeSet::new(),
            turns: Turns::default(),
            noted: Waits::default(),
            pause: None,
            pin: Pin::default(),
            replay,
            settled: Vec::new(),
            created: clock.wall(now),
            last_used: now,
            dropped: messages.dropped().count(),
            lag: Lag::default(),
            acks: Arc::default(),
        }
    }

    /// Whether the stream must keep this message for this consumer.
    pub(crate) fn wants(&self, sequence: u64, subject: &str) -> bool {
        let is_unsettled = self.position.is_ahead(sequence)
            || self.pending.contains(sequence)
            || self.exhausted.contains(&sequence);
        is_unsettled && self.selector.matches(subject)
    }

    /// Queues what is due again. As with a server, time gives up a message only where one attempt is all there is; where
    /// there are more, the next fetch finds it in the queue and gives it up (measured on nats-server 2.15.1).
    pub(super) fn come_due(&mut self, messages: &Messages, now: Instant, effects: &mut Effects) {
        self.end_pause(now);
        self.end_pin(now, effects);
        if let Some(replay) = &mut self.replay {
            replay.come_due(now);
        }
        let due = self.pending.take_due(now);
        if !due.is_empty() && !self.untold.is_empty() {
            self.find_out(messages);
        }
        for sequence in due {
            let attempts = self.pending.get(sequence).map_or(0, |entry| entry.attempts);
            if self.is_last_attempt(attempts.saturating_sub(1).max(1)) {
                self.exhaust(sequence, attempts, effects);
            } else {
                self.pending.expire(sequence, wait_after(&self.config, attempts));
            }
        }
    }

    pub(super) fn is_last_attempt(&self, attempts: u64) -> bool {
        self.config.max_deliver.at().is_some_and(|limit| attempts >= limit.into())
    }

    pub(super) fn exhaust(&mut self, sequence: u64, attempts: u64, effects: &mut Effects) {
        if let Some(entry) = self.pending.remove(sequence)
            && self.tracks_exhausted
        {
            self.floor.ended(entry.number, sequence, &self.pending, self.passed());
        }
        self.exhausted.insert(sequence);
        effects.notice(Notice::Exhausted { consumer: self.name.clone(), sequence, attempts });
    }

    /// Whether nothing new may be delivered.
    pub(crate) fn is_stalled(&self) -> bool {
        let unsettled = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        self.config.ack != AckPolicy::None
            && self.config.max_ack_pending.at().is_some_and(|limit| unsettled >= limit.into())
    }

    /// Whether a fetch would get something.
    pub(crate) fn has_deliverable(&mut self, messages: &Messages) -> bool {
        !self.is_paused()
            && (self.pending.has_queued()
                || (!self.is_stalled() && self.position.undelivered(messages, &self.selector) > 0))
    }

    /// Whether something is to be delivered, now or when it may. Without it a server refuses a request that does not wait
    /// before it looks at the stream, so that the position stays where it is (measured on nats-server 2.15.1).
    pub(crate) fn has_anything(&mut self, messages: &Messages) -> bool {
        self.pending.has_queued() || self.position.undelivered(messages, &self.selector) > 0
    }

    /// Whether this consumer sees the message and is done with it. A consumer ahead of the stream, which ends at `last`,
    /// is not asked (measured on nats-server 2.15.1).
    pub(crate) fn is_past(&self, sequence: u64, subject: &str, last: u64) -> bool {
        let floor = self.shown_floor.pair().stream;
        let below = if self.pending.is_empty() { floor } else { self.delivered.stream };
        floor <= last && sequence <= below && self.selector.matches(subject) && !self.wants(sequence, subject)
    }

    /// All deliveries, and the highest message that was looked at.
    pub(super) fn passed(&self) -> SequencePair {
        if self.has_picked && self.delivered.consumer == 0 {
            // A server keeps to what it has picked, also where that is gone.
            return self.delivered;
        }
        let looked_at = self.position.next_sequence().saturating_sub(1);
        SequencePair::new(self.delivered.consumer, self.delivered.stream.max(looked_at))
    }

    pub(crate) fn watches_removals(&self) -> bool {
        self.position.watches_removals(&self.selector)
    }

    pub(crate) fn on_removed(&mut self, sequence: u64) {
        self.position.on_removed(sequence, &self.selector);
    }

    /// Takes over a configuration that was found to be allowed.
    pub(crate) fn reconfigure(&mut self, mut config: ConsumerConfig, messages: &Messages) {
        config.ack_wait = config.effective_ack_wait();
        self.forget_removed(messages);
        self.pending.change_waits(
            |attempts| wait_after(&self.config, attempts),
            |attempts| wait_after(&config, attempts),
        );
        self.selector = Selector::of(&config);
        self.position.recount();
        self.config = config;
        self.note_unmatched(messages);
    }

    /// Where handles may leave acks.
    pub(crate) fn acks(&self) -> Arc<Acks> {
        Arc::clone(&self.acks)
    }

    pub(crate) fn opened(&mut self, now: Instant) {
        self.turns.handles += 1;
        self.last_used = now;
    }

    pub(crate) fn released(&mut self, now: Instant) {
        self.turns.handles = self.turns.handles.saturating_sub(1);
        self.last_used = now;
    }

    pub(crate) fn used(&mut self, now: Instant) {
        self.last_used = now;
    }

    /// When it is deleted unless somebody uses it. A request that waits is use, and so is a delivery within its ack wait
    /// (measured on nats-server 2.15.1, which takes up to a second longer).
    pub(crate) fn expires(&mut self) -> Option<Instant> {
        let threshold = self.config.effective_inactive_threshold()?;
        if !self.waiters.is_empty() || self.inboxes.are_waited_on() {
            return None;
        }
        let used = [self.pending.last_due(), self.inboxes.ask_until()];
        let used = used.into_iter().flatten().fold(self.last_used, Instant::max);
        Some(crate::clock::after(used, threshold))
    }

    /// As a server counts it (measured on nats-server 2.15.1): with those that had their last attempt, and none where one
    /// attempt is all there is.
    fn redelivered(&self) -> u64 {
        if self.config.max_deliver == Limit::At(1) {
            return 0;
        }
        self.pending.redelivered() + u64::try_from(self.exhausted.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn info(
        &mut self,
        stream: &StreamName,
        storage: Storage,
        messages: &Messages,
        now: Instant,
    ) -> ConsumerInfo {
        self.forget_removed(messages);
        let mut info =
            ConsumerInfo::new(stream.clone(), self.name.clone(), self.config.clone(), self.created);
        info.delivered = self.delivered;
        if storage == Storage::Memory && info.delivered == SequencePair::default() {
            // What a fetch in vain has passed over shows as delivered, as long as nothing was (measured on nats-server
            // 2.15.1; not with files, where the beginning is on the disk).
            info.delivered.stream = self.passed().stream;
        }
        info.ack_floor = self.shown_floor.pair();
        info.ack_pending = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        info.redelivered = self.redelivered();
        info.pending = self.position.undelivered(messages, &self.selector);
        info.paused_until = self.pause.filter(|pause| pause.until > now).map(|pause| pause.asked);
        info.waiting = u64::try_from(self.waiting(now)).unwrap_or(u64::MAX);
        info
    }
}
