//! Serving the handles of a consumer: taking messages, waiting for them, settling them.

use std::task::Waker;
use std::time::Duration;

use pubsub_core::{AckPolicy, Retention, SequencePair, SettlementKind};
use tokio::time::Instant;

use super::consumers::ConsumerKey;
use super::effects::Effects;
use super::state::StreamState;
use crate::consumer::{Asker, ConsumerState, Ended, Room, Taken};

/// What a fetch asks for.
#[derive(Debug)]
pub(crate) struct Want<'a> {
    /// Which fetch it is, among all of its store.
    pub(crate) fetch: u64,
    pub(crate) asker: Asker,
    pub(crate) connection: u64,
    pub(crate) room: Room,
    /// When it no longer waits.
    pub(crate) until: Instant,
    pub(crate) waker: &'a Waker,
}

/// What a fetch got.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Messages were taken.
    Taken,
    /// Nothing came in time.
    Expired,
    /// Another handle should run first; then ask again.
    Yield,
    /// There is nothing. The waker is kept; ask again at this time at the latest.
    Wait(Instant),
    /// So many wait already.
    TooManyWait(u32),
}

/// What a handle was opened on no longer exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    Stream,
    Consumer,
    /// Nobody takes settlements: the consumer is one without acks.
    Acks,
}

impl StreamState {
    /// Takes what there is, or leaves the waker. A fetch that waits and will not ask again must
    /// [`leave`](Self::leave).
    pub(crate) fn take(
        &mut self,
        key: ConsumerKey,
        want: &Want<'_>,
        now: Instant,
        effects: &mut Effects,
        taken: &mut Vec<Taken>,
    ) -> Result<Wanted, Gone> {
        let consumer = find(self.deleted, self.consumers.get_mut(key))?;
        consumer.advance(&self.messages, now, effects);
        if consumer.should_yield(want.asker.handle) {
            return Ok(Wanted::Yield);
        }
        if now < want.until || consumer.has_anything(&self.messages) {
            if consumer.chooses() {
                consumer.take_chosen(want.room, want.asker, &self.messages, now, effects, taken);
            } else {
                consumer.take(want.room, want.asker.handle, &self.messages, now, effects, taken);
            }
        }
        if taken.is_empty() && now < want.until {
            return Ok(self.wait(key, want, now));
        }
        if consumer.config.ack == AckPolicy::None {
            self.release(taken.iter().map(|taken| taken.sequence));
        }
        self.leave(key, want.fetch, want.asker.handle, now, effects);
        Ok(if taken.is_empty() { Wanted::Expired } else { Wanted::Taken })
    }

    fn wait(&mut self, key: ConsumerKey, want: &Want<'_>, now: Instant) -> Wanted {
        let limit = self.max_waiting();
        let removal = self.next_removal();
        let Some(consumer) = self.consumers.get_mut(key) else {
            return Wanted::Expired;
        };
        if consumer.waiting(now) >= limit && !consumer.waiters.contains(want.fetch) {
            return Wanted::TooManyWait(self.bounds.max_waiting);
        }
        let again = consumer.next_due().map_or(want.until, |due| due.min(want.until));
        let again = removal.filter(|_| consumer.is_stalled()).map_or(again, |removal| removal.min(again));
        consumer.waiters.wait(want.fetch, want.connection, want.asker, want.waker, Some(again));
        self.consumers.note_waiting(key.slot());
        Wanted::Wait(again)
    }

    /// A fetch waits no longer: what woke it is passed on if it is still there.
    pub(crate) fn leave(
        &mut self,
        key: ConsumerKey,
        fetch: u64,
        handle: u64,
        now: Instant,
        effects: &mut Effects,
    ) {
        let slot = key.slot();
        let Some(consumer) = self.consumers.get_mut(key) else {
            return;
        };
        let was_waiting = consumer.waiters.leave(fetch);
        consumer.used(now);
        consumer.asked(handle, now);
        if !consumer.waiters.is_empty() {
            consumer.arm(effects);
            if consumer.has_deliverable(&self.messages) {
                consumer.wake_one(effects);
            }
        }
        if was_waiting || self.consumers.at(slot).is_some_and(ConsumerState::is_waited_on) {
            self.consumers.note_waiting(slot);
        }
        self.consumers.note_expiry(slot);
        self.offer(slot, now, effects);
    }

    /// Applies a settlement.
    pub(crate) fn settle(
        &mut self,
        key: ConsumerKey,
        (delivery, attempt): (SequencePair, u64),
        kind: &SettlementKind,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<(), Gone> {
        let consumer = find(self.deleted, self.consumers.get_mut(key))?;
        if consumer.config.ack == AckPolicy::None {
            return Err(Gone::Acks);
        }
        consumer.advance(&self.messages, now, effects);
        let ended = consumer.settle(delivery, attempt, kind, &self.messages, now, effects);
        self.release_ended(key, &ended);
        self.offer(key.slot(), now, effects);
        self.consumers.note_expiry(key.slot());
        Ok(())
    }

    /// Acks all deliveries at once, where that is the same as one after the other: where none
    /// takes a message out of the stream or makes room for another one.
    pub(crate) fn ack_all(
        &mut self,
        key: ConsumerKey,
        deliveries: &[(SequencePair, u64)],
        now: Instant,
        effects: &mut Effects,
    ) -> Option<()> {
        let consumer = find(self.deleted, self.consumers.get_mut(key)).ok()?;
        if consumer.config.ack == AckPolicy::None || self.config.retention != Retention::Limits {
            return None;
        }
        consumer.advance(&self.messages, now, effects);
        if consumer.is_stalled() {
            return None;
        }
        // Nothing leaves a stream that keeps what is acked.
        consumer.ack_all(deliveries.iter().map(|(delivery, _)| *delivery), now);
        self.offer(key.slot(), now, effects);
        self.consumers.note_expiry(key.slot());
        Some(())
    }

    fn release_ended(&mut self, key: ConsumerKey, ended: &Ended) {
        if self.config.retention == Retention::Interest {
            let selector = self.consumers.get_mut(key).map(|consumer| consumer.selector.clone());
            for sequence in ended.sequences() {
                let message = self.messages.log().get(sequence);
                let is_held = message.is_none_or(|message| {
                    selector.as_ref().is_none_or(|selector| selector.matches(message.subject.as_str()))
                });
                if is_held {
                    self.release([sequence]);
                } else {
                    self.remove_unneeded(sequence);
                }
            }
        } else {
            self.release(ended.sequences());
        }
        if let Some(late) = ended.late() {
            self.remove_unneeded(late);
        }
    }

    /// Begins an ack wait anew.
    pub(crate) fn extend(
        &mut self,
        key: ConsumerKey,
        sequence: u64,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<(), Gone> {
        let consumer = find(self.deleted, self.consumers.get_mut(key))?;
        consumer.advance(&self.messages, now, effects);
        consumer.extend(sequence, now, effects);
        self.offer(key.slot(), now, effects);
        Ok(())
    }

    /// Makes the message of a delivery that nobody wants to settle available again.
    pub(crate) fn give_back(
        &mut self,
        key: ConsumerKey,
        sequence: u64,
        attempt: u64,
        delay: Duration,
        now: Instant,
        effects: &mut Effects,
    ) {
        if let Ok(consumer) = find(self.deleted, self.consumers.get_mut(key)) {
            consumer.advance(&self.messages, now, effects);
            consumer.give_back(sequence, attempt, delay, now, effects);
            self.offer(key.slot(), now, effects);
        }
    }

    /// How many fetches and subscriptions may wait at one consumer.
    pub(super) fn max_waiting(&self) -> usize {
        usize::try_from(self.bounds.max_waiting).unwrap_or(usize::MAX)
    }
}

pub(super) fn find(deleted: bool, consumer: Option<&mut ConsumerState>) -> Result<&mut ConsumerState, Gone> {
    match consumer {
        _ if deleted => Err(Gone::Stream),
        Some(consumer) => Ok(consumer),
        None => Err(Gone::Consumer),
    }
}
