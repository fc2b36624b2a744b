//! Handing messages to a fetch.

use std::sync::Arc;

use pubsub_core::{AckPolicy, SequencePair};
use tokio::time::Instant;

use super::ConsumerState;
use crate::clock::after;
use crate::stream::{Effects, Messages, Stored};

/// How many messages one handle may take in a row while there are others: enough to be cheap, few enough to be fair.
const FAIR_SHARE: usize = 16;

/// One delivery, before it is made into what users hold.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) message: Arc<Stored>,
    pub(crate) sequence: u64,
    /// The consumer's count of deliveries.
    pub(crate) number: u64,
    pub(crate) attempt: u64,
    /// What was left to deliver after this one.
    pub(crate) pending: u64,
}

impl ConsumerState {
    /// Whether this handle has had its turn and another one should run first.
    pub(crate) fn should_yield(&mut self, handle: u64) -> bool {
        let turns = &mut self.turns;
        if turns.handles < 2 || turns.last != handle || turns.in_a_row < FAIR_SHARE {
            return false;
        }
        turns.in_a_row = 0;
        true
    }

    /// Takes up to `max` messages: first those that come again, also past `max_ack_pending`, then new ones.
    pub(crate) fn take(
        &mut self,
        max: usize,
        handle: u64,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
        taken: &mut Vec<Taken>,
    ) {
        self.used(now);
        let before = taken.len();
        let until = after(now, self.config.ack_wait);
        while taken.len() - before < max {
            let Some(again) = self.take_again(messages, until, effects) else {
                break;
            };
            taken.push(again);
        }
        while taken.len() - before < max {
            let Some(new) = self.take_new(messages, until) else {
                break;
            };
            taken.push(new);
        }
        self.count_pending(messages, taken.get_mut(before..).unwrap_or_default());
        self.count_turn(handle, taken.len() - before);
    }

    /// Takes one message for a subscription.
    pub(super) fn take_one(
        &mut self,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
    ) -> Option<Taken> {
        let until = after(now, self.config.ack_wait);
        let again = self.take_again(messages, until, effects);
        let mut taken = again.or_else(|| self.take_new(messages, until))?;
        taken.pending = self.position.undelivered(messages, &self.selector);
        Some(taken)
    }

    pub(super) fn take_again(
        &mut self,
        messages: &Messages,
        until: Instant,
        effects: &mut Effects,
    ) -> Option<Taken> {
        loop {
            let (sequence, entry) = self.pending.next_queued()?;
            let Some(message) = messages.log().get(sequence) else {
                self.end(SequencePair::new(entry.number, sequence));
                continue;
            };
            if self.is_last_attempt(entry.attempts) {
                self.exhaust(sequence, entry.attempts, effects);
                continue;
            }
            self.pending.redeliver(sequence, until);
            self.delivered.consumer += 1;
            return Some(Taken {
                message: Arc::clone(message),
                sequence,
                number: self.delivered.consumer,
                attempt: entry.attempts + 1,
                pending: 0,
            });
        }
    }

    fn take_new(&mut self, messages: &Messages, until: Instant) -> Option<Taken> {
        if self.is_stalled() {
            // Some of what blocks may have left the stream.
            self.forget_removed(messages);
            if self.is_stalled() {
                return None;
            }
        }
        let (sequence, message) = self.position.advance(messages, &self.selector)?;
        self.delivered.consumer += 1;
        self.delivered.stream = self.delivered.stream.max(sequence);
        let number = self.delivered.consumer;
        if self.config.ack == AckPolicy::None {
            self.floor.set(SequencePair::new(number, sequence));
        } else {
            self.pending.insert(sequence, number, until);
        }
        Some(Taken { message, sequence, number, attempt: 1, pending: 0 })
    }

    /// Fills in how many undelivered messages each delivery left behind, from one count at the end.
    fn count_pending(&mut self, messages: &Messages, batch: &mut [Taken]) {
        if batch.is_empty() {
            return;
        }
        let mut left = self.position.undelivered(messages, &self.selector);
        for taken in batch.iter_mut().rev() {
            taken.pending = left;
            left += u64::from(taken.attempt == 1);
        }
    }

    fn count_turn(&mut self, handle: u64, taken: usize) {
        if self.turns.last != handle {
            self.turns.last = handle;
            self.turns.in_a_row = 0;
        }
        self.turns.in_a_row += taken;
    }
}
