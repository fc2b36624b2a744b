//! Delivering to subscriptions ahead of their polls, as a server does to requests that are open.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::AckPolicy;
use tokio::time::Instant;

use super::row::When;
use super::{ConsumerState, Inbox, Taken};
use crate::stream::{Effects, Messages};

impl ConsumerState {
    /// Does what time has made due for this consumer: at the time when it was due as far as subscriptions ask for
    /// messages, so that their ack waits end as they would have if somebody had looked then.
    pub(crate) fn advance(&mut self, messages: &Messages, now: Instant, effects: &mut Effects) {
        // The floor depends on what had been delivered by then.
        self.forget_removed(messages);
        // A fetch that waits wakes up at such a time by itself. Who is chosen depends on who asks now.
        while self.waiters.is_empty()
            && !self.chooses()
            && !self.inboxes.is_empty()
            && self.may_be_due(now)
            && let Some(due) = self.next_due().filter(|due| *due < now)
            && self.inboxes.is_asking(due)
        {
            self.come_due(messages, due, effects);
            while self.inboxes.is_asking(due)
                && let Some(taken) = self.take_one(messages, due, effects)
            {
                self.delivered_unasked(&taken);
                self.deliver(taken, due, effects);
            }
            self.end_replay(messages, due);
        }
        self.come_due(messages, now, effects);
    }

    /// Gives what there is to those who ask: one message to each subscription in turn, and as many to fetches that wait,
    /// which are woken and come for theirs. Returns those messages that are settled by their delivery.
    pub(crate) fn offer(&mut self, messages: &Messages, now: Instant, effects: &mut Effects) -> Vec<u64> {
        if self.is_stalled() {
            // Some of what blocks may have left the stream.
            self.forget_removed(messages);
        }
        if self.chooses() {
            self.offer_chosen(messages, now, effects);
        } else {
            self.offer_new(messages, now, effects);
        }
        while !self.chooses() && self.is_waited_on() && self.has_more_than(self.waiters.woken(), messages) {
            if !self.inboxes.is_asking(now) {
                // A fetch that has come wakes the next one.
                self.waiters.wake_one(effects);
                break;
            }
            if self.waiters.has_asleep() && std::mem::take(&mut self.turns.fetch_is_next) {
                self.waiters.wake_one(effects);
                continue;
            }
            self.turns.fetch_is_next = true;
            let Some(taken) = self.take_one(messages, now, effects) else {
                break;
            };
            self.delivered_unasked(&taken);
            self.deliver(taken, now, effects);
        }
        self.end_replay(messages, now);
        self.arm(effects);
        self.tell_in_time(effects);
        std::mem::take(&mut self.settled)
    }

    /// The same as far as there are only new messages, for subscriptions alone.
    fn offer_new(&mut self, messages: &Messages, now: Instant, effects: &mut Effects) {
        let is_plain = self.waiters.is_empty() && self.replay.is_none() && !self.is_paused();
        if !is_plain || !self.inboxes.is_asking(now) || self.pending.has_queued() {
            return;
        }
        if self.reads_in_a_row() && !self.is_stalled() {
            let room = self.room();
            self.deliver_row(messages, room, When::Now(now), |waker| effects.wake(waker));
        }
        let mut left = self.position.undelivered(messages, &self.selector);
        while left > 0 && !self.is_stalled() && self.inboxes.is_asking(now) {
            let Some((sequence, message)) = self.position.advance(messages, &self.selector) else {
                return;
            };
            left -= 1;
            self.turns.fetch_is_next = true;
            let taken = Taken { pending: left, ..self.hand_over(sequence, message, now) };
            self.delivered_unasked(&taken);
            self.deliver(taken, now, effects);
        }
    }

    fn deliver(&mut self, taken: Taken, now: Instant, effects: &mut Effects) {
        if let Some(waker) = self.inboxes.deliver(taken, now) {
            effects.wake(waker);
        }
    }

    /// Without acks a message is settled by its delivery.
    pub(super) fn delivered_unasked(&mut self, taken: &Taken) {
        if self.config.ack == AckPolicy::None {
            self.settled.push(taken.sequence);
        }
    }

    /// Ends subscriptions: what was delivered to them and not taken is available at once, as after a nak.
    pub(crate) fn hand_back(
        &mut self,
        inboxes: &[Arc<Inbox>],
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
    ) {
        self.advance(messages, now, effects);
        self.used(now);
        let mut held = Vec::new();
        for inbox in inboxes {
            self.asked(inbox.asker().handle, now);
            held.extend(self.inboxes.end(inbox, effects));
        }
        // Only now, so that none of it goes from one to the other.
        for taken in held {
            self.give_back(taken.sequence, taken.attempt, Duration::ZERO, now, effects);
        }
    }

    /// How many requests wait for messages.
    pub(crate) fn waiting(&self, now: Instant) -> usize {
        self.waiters.len() + self.inboxes.asking(now)
    }

    /// Whether somebody has to hear of a new message.
    pub(crate) fn is_waited_on(&self) -> bool {
        !self.waiters.is_empty() || self.inboxes.have_asked()
    }

    /// Lets all who wait look again.
    pub(crate) fn wake_all(&mut self, effects: &mut Effects) {
        self.waiters.wake_all(effects);
        self.inboxes.wake_all(effects);
    }

    /// Something can be taken. Where subscriptions ask, it is for [`offer`](Self::offer) to say who gets it.
    pub(crate) fn wake_one(&mut self, effects: &mut Effects) {
        if self.chooses() {
            self.waiters.wake_all(effects);
        } else if !self.inboxes.have_asked() {
            self.waiters.wake_one(effects);
        }
    }

    /// Whether there is more than is left to fetches that were woken and have not come yet.
    fn has_more_than(&mut self, left: usize, messages: &Messages) -> bool {
        if left == 0 || self.is_paused() {
            return self.has_deliverable(messages);
        }
        let new = if self.is_stalled() { 0 } else { self.position.undelivered(messages, &self.selector) };
        let there = new.saturating_add(u64::from(self.pending.has_queued()));
        there > u64::try_from(left).unwrap_or(u64::MAX)
    }
}
