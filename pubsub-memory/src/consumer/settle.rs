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
        kind: &SettlementKind,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
    ) -> Vec<u64> {
        self.used(now);
        let sequence = delivery.stream;
        match kind {
            SettlementKind::Ack => self.finish(delivery, messages, effects),
            SettlementKind::Term { reason } => {
                if self.pending.contains(sequence) {
                    let (consumer, reason) = (self.name.clone(), reason.clone());
                    effects.notice(Notice::Terminated { consumer, sequence, reason });
                }
                self.finish(delivery, messages, effects)
            }
            SettlementKind::Nak { delay } => {
                self.come_again(sequence, delay.unwrap_or_default(), now, effects);
                Vec::new()
            }
            // `known` has refused the rest.
            _ => Vec::new(),
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
        self.arm(effects);
    }

    /// Sees to it that who waits wakes up when the next message comes again.
    pub(crate) fn arm(&mut self, effects: &mut Effects) {
        if self.waiters.is_empty() && self.inboxes.is_empty() {
            return;
        }
        if let Some(due) = self.next_due() {
            self.waiters.be_awake_at(due, effects);
            self.inboxes.be_awake_at(due, effects);
        }
    }

    /// When who waits has to look again by itself.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        let pause = self.pause.map(|pause| pause.until);
        let gap = self.replay.and_then(|replay| replay.gap);
        self.pending.next_due().into_iter().chain(pause).chain(gap).min()
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
            self.arm(effects);
        }
    }

    fn finish(&mut self, delivery: SequencePair, messages: &Messages, effects: &mut Effects) -> Vec<u64> {
        let was_stalled = self.is_stalled();
        let ended = self.end(delivery);
        if was_stalled && !self.waiters.is_empty() && self.has_deliverable(messages) {
            self.wake_one(effects);
        }
        ended
    }

    /// Ends a delivery, and with `AckPolicy::All` those below it. Returns the messages that were unsettled.
    pub(super) fn end(&mut self, delivery: SequencePair) -> Vec<u64> {
        let sequence = delivery.stream;
        let mut ended = Vec::new();
        let number = self.pending.get(sequence).map(|entry| entry.number);
        if self.config.ack == AckPolicy::All {
            if !self.floor.is_below(delivery.consumer, sequence) {
                return ended;
            }
            let below =
                self.pending.sequences().take_while(|pending| *pending < sequence).collect::<Vec<u64>>();
            ended.extend(below.into_iter().filter(|below| self.pending.remove(*below)));
        }
        if self.pending.remove(sequence) || self.exhausted.remove(&sequence) {
            ended.push(sequence);
        }
        match number {
            Some(_) if self.config.ack == AckPolicy::All => self.floor.set(delivery),
            Some(number) => self.floor.ended(number, sequence, &self.pending, self.delivered),
            None => {}
        }
        ended
    }
}
