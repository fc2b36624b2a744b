//! Ending deliveries. Settlements go by the sequence in the stream: one of an older delivery counts too.

use std::time::Duration;

use pubsub_core::{AckPolicy, SequencePair, SettlementKind};
use tokio::time::Instant;

use super::ConsumerState;
use super::waits::{delayed_until, wait_after};
use crate::clock::after;
use crate::stream::{Effects, Messages, Notice};

impl ConsumerState {
    /// Applies a settlement and returns the messages that it ended, which retention may now let go.
    pub(crate) fn settle(
        &mut self,
        delivery: SequencePair,
        attempt: u64,
        kind: &SettlementKind,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
    ) -> Ended {
        self.used(now);
        let sequence = delivery.stream;
        match kind {
            SettlementKind::Ack => self.finish(delivery, messages, effects),
            SettlementKind::Term { reason } => {
                // Also of a message that is settled already, as a server does (measured on nats-server 2.15.1).
                let (consumer, reason) = (self.name.clone(), reason.clone());
                let (number, attempts) = (delivery.consumer, attempt);
                effects.notice(Notice::Terminated { consumer, number, sequence, attempts, reason });
                self.finish(delivery, messages, effects)
            }
            SettlementKind::Nak { delay } => {
                self.come_again(sequence, delay.unwrap_or_default(), now, effects);
                Ended::default()
            }
            // `known` has refused the rest.
            _ => Ended::default(),
        }
    }

    /// A delivery that was dropped or handed back. Unlike a settlement it says nothing of newer deliveries.
    pub(crate) fn give_back(
        &mut self,
        sequence: u64,
        attempt: u64,
        delay: Duration,
        now: Instant,
        effects: &mut Effects,
    ) {
        if self.pending.get(sequence).is_some_and(|entry| entry.attempts == attempt) {
            self.come_again(sequence, delay, now, effects);
        }
    }

    pub(crate) fn extend(&mut self, sequence: u64, now: Instant, effects: &mut Effects) {
        self.used(now);
        let attempts = self.pending.get(sequence).map_or(1, |entry| entry.attempts);
        self.pending.extend(sequence, after(now, wait_after(&self.config, attempts)));
        self.tell_in_time(effects);
        self.arm(effects);
    }

    /// Sees to it that who waits wakes up when the next message comes again.
    pub(crate) fn arm(&mut self, effects: &mut Effects) {
        if self.waiters.is_empty() && !self.inboxes.are_waited_on() {
            return;
        }
        if let Some(due) = self.next_due() {
            self.waiters.be_awake_at(due, effects);
            self.inboxes.be_awake_at(due, effects);
        }
    }

    /// Where time gives up a message, it is to be told in time.
    pub(crate) fn tell_in_time(&mut self, effects: &mut Effects) {
        if self.has_in_flight() {
            effects.note_delivered();
        }
        if self.is_last_attempt(1)
            && effects.are_heard()
            && let Some(due) = self.pending.next_due()
        {
            effects.tell_at(due);
        }
        if effects.are_heard()
            && let Some(end) = self.pin_end()
        {
            effects.tell_at(end);
        }
    }

    /// The number of the first delivery and the count of all, of a message that is delivered and not settled.
    pub(crate) fn in_flight(&self, sequence: u64) -> Option<(u64, u64)> {
        self.pending.get(sequence).map(|entry| (entry.number, entry.attempts))
    }

    pub(crate) fn has_in_flight(&self) -> bool {
        !self.pending.is_empty()
    }

    /// When who waits has to look again by itself.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        let pause = self.pause.map(|pause| pause.until);
        let gap = self.replay.and_then(|replay| replay.gap);
        self.pending.next_due().into_iter().chain(pause).chain(gap).chain(self.pin_end()).min()
    }

    /// Whether something may have come due. It says so too where only looking can tell.
    pub(super) fn may_be_due(&self, now: Instant) -> bool {
        self.pending.may_be_due(now) || self.pause.is_some() || self.replay.is_some()
    }

    fn come_again(&mut self, sequence: u64, delay: Duration, now: Instant, effects: &mut Effects) {
        if delay.is_zero() {
            self.pending.queue(sequence);
            if self.pending.contains(sequence) {
                self.wake_one(effects);
            }
        } else {
            let attempts = self.pending.get(sequence).map_or(1, |entry| entry.attempts);
            self.pending.delay(sequence, delayed_until(&self.config, attempts, now, delay));
            self.tell_in_time(effects);
            self.arm(effects);
        }
    }

    fn finish(&mut self, delivery: SequencePair, messages: &Messages, effects: &mut Effects) -> Ended {
        let was_stalled = self.is_stalled();
        let ended = self.end(delivery);
        if was_stalled && !self.waiters.is_empty() && self.has_deliverable(messages) {
            self.wake_one(effects);
        }
        ended
    }

    /// Acks the lowest unsettled delivery, where no other depends on it: nobody asks for more than was delivered or is
    /// [left for later](Self::let_lag), and nothing is due or has been dropped. With `None` nothing has happened.
    pub(crate) fn ack_quietly(&mut self, sequence: u64, messages: &Messages, now: Instant) -> Option<()> {
        let is_quiet = self.config.ack == AckPolicy::Explicit
            && self.waiters.is_empty()
            && (self.leaves_deliveries() || !self.inboxes.have_asked())
            && !self.may_be_due(now)
            && !self.chooses()
            && self.dropped == messages.dropped().count();
        if !is_quiet {
            return None;
        }
        let (number, next) = self.pending.remove_lowest(sequence)?;
        self.floor.ended_before(number, next);
        self.shown_floor.ended_before(number, next);
        self.used(now);
        Some(())
    }

    /// Acks deliveries of a consumer that does not wait for room.
    pub(crate) fn ack_all(&mut self, deliveries: impl Iterator<Item = SequencePair>, now: Instant) {
        self.used(now);
        deliveries.for_each(|delivery| {
            self.end(delivery);
        });
    }

    /// Ends a delivery, and with `AckPolicy::All` those below it.
    pub(super) fn end(&mut self, delivery: SequencePair) -> Ended {
        let sequence = delivery.stream;
        let mut ended = Ended::default();
        if self.config.ack == AckPolicy::Explicit
            && let Some((number, next)) = self.pending.remove_lowest(sequence)
        {
            self.floor.ended_before(number, next);
            self.shown_floor.ended_before(number, next);
            ended.itself = Some(sequence);
            return ended;
        }
        if self.config.ack == AckPolicy::All {
            if !self.floor.is_below(delivery.consumer, sequence) {
                return ended;
            }
            let below = self.pending.sequences().take_while(|pending| *pending < sequence);
            ended.below = below.collect();
            ended.below.retain(|below| self.pending.remove(*below).is_some());
        }
        let removed = self.pending.remove(sequence);
        if removed.is_some() || self.exhausted.remove(&sequence) {
            ended.itself = Some(sequence);
        } else if sequence < self.position.next_sequence() {
            ended.late = Some(sequence);
        }
        if self.config.ack == AckPolicy::All {
            self.floor.set(delivery);
        }
        match removed {
            Some(_) if self.config.ack == AckPolicy::All => self.shown_floor = self.floor,
            Some(entry) => {
                self.floor.ended(entry.number, sequence, &self.pending, self.passed());
                self.shown_floor.ended(entry.number, sequence, &self.pending, self.delivered);
            }
            None => {}
        }
        ended
    }
}

/// The messages whose deliveries a settlement has ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// Those below the one that was settled. Most settlements end one delivery.
    below: Vec<u64>,
    itself: Option<u64>,
    /// The one that was settled, where it was settled before.
    late: Option<u64>,
}

impl Ended {
    /// In order.
    pub(crate) fn sequences(&self) -> impl Iterator<Item = u64> + '_ {
        self.below.iter().copied().chain(self.itself)
    }

    /// A message that this settlement had nothing to end of. If nobody needs it any more it leaves all the same.
    pub(crate) fn late(&self) -> Option<u64> {
        self.late
    }
}
