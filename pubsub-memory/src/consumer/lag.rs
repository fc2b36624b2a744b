//! Leaving for later what nobody can see yet: deliveries to subscriptions that are awake, and acks.
//!
//! Between two operations on a consumer much can happen that changes nothing for anybody but itself: a message arrives and is
//! put into the buffer of a subscription that takes from it without waiting; a delivery is acked. While that is all that can
//! happen, the consumer lags: a publish does not touch it, and an ack waits in a list ([`Acks`](super::Acks)). The next operation that could
//! tell the difference first lets it catch up, in the order and with the times in which everything happened.

use pubsub_core::{AckPolicy, SequencePair};
use tokio::time::Instant;

use super::acks::{Ack, Given};
use super::row::When;
use super::waits::wait_after;
use super::{ConsumerState, Selector};
use crate::clock::after;
use crate::stream::Messages;

/// What is left for later.
#[derive(Debug, Default)]
pub(super) struct Lag {
    deliveries: bool,
    acks: bool,
    /// The room of the list of acks that were applied last.
    spare: Given,
}

impl ConsumerState {
    /// Begins to lag, if it may. Returns until when: from then on something may happen by itself.
    /// `keeps_acked` says that an ack takes nothing out of the stream.
    pub(crate) fn let_lag(
        &mut self,
        messages: &Messages,
        keeps_acked: bool,
        now: Instant,
    ) -> Option<Instant> {
        let is_plain = !self.is_paused() && self.replay.is_none() && !self.chooses();
        if !is_plain || self.config.ack == AckPolicy::None {
            return None;
        }
        // Somebody who waits has to be woken, and what can be delivered now comes before what arrives later.
        self.lag.deliveries = self.waiters.is_empty()
            && self.inboxes.have_asked()
            && !self.inboxes.are_waited_on()
            && !self.has_deliverable(messages);
        self.lag.acks = keeps_acked && self.config.ack == AckPolicy::Explicit && !self.pending.is_empty();
        if !self.is_lagging() || !self.has_room_for(self.inboxes.asked()) {
            (self.lag.deliveries, self.lag.acks) = (false, false);
            return None;
        }
        let until = after(now, wait_after(&self.config, 1));
        let until = self.pending.none_due_before().map_or(until, |due| due.min(until));
        if self.lag.acks {
            // The floor goes up to the message before the next unsettled one, so that it matters which of the two was there
            // first, unless each message is the next one.
            let has_gaps = !matches!(self.selector, Selector::All)
                || self.delivered.stream != messages.log().last()
                || self.passed() != self.delivered;
            self.acks.open(until, has_gaps);
        }
        Some(until)
    }

    pub(crate) fn is_lagging(&self) -> bool {
        self.lag.deliveries || self.lag.acks
    }

    /// Whether a message that arrives is left for later.
    pub(crate) fn leaves_deliveries(&self) -> bool {
        self.lag.deliveries
    }

    /// Does what was left for later, and leaves nothing from now on.
    pub(crate) fn catch_up(&mut self, messages: &Messages) {
        let deliveries = std::mem::take(&mut self.lag.deliveries);
        if !std::mem::take(&mut self.lag.acks) {
            if deliveries {
                self.catch_up_deliveries(messages, &mut [].iter());
            }
            return;
        }
        let given = self.acks.close(std::mem::take(&mut self.lag.spare));
        let mut acks = given.acks().iter();
        if !given.is_in_order() {
            // They go first, as far as anybody could tell.
            acks.by_ref().for_each(|ack| self.apply(*ack));
        }
        if deliveries {
            self.catch_up_deliveries(messages, &mut acks);
        }
        acks.for_each(|ack| self.apply(*ack));
        if let Some(last) = given.last {
            self.used(last);
        }
        self.lag.spare = given.emptied();
    }

    /// Each message is delivered as of the time when it came. There was none before it then.
    fn catch_up_deliveries(&mut self, messages: &Messages, acks: &mut std::slice::Iter<'_, Ack>) {
        if acks.as_slice().is_empty() && self.reads_in_a_row() {
            self.deliver_row(messages, usize::MAX, When::AsStored, |_| {
                debug_assert!(false, "who waits is not left for later");
            });
            return;
        }
        while let Some((sequence, message)) = self.position.look(messages, &self.selector) {
            while let Some(ack) = acks.as_slice().first().filter(|ack| ack.after < sequence) {
                self.apply(*ack);
                acks.next();
            }
            if !self.inboxes.is_asking(message.at) {
                return;
            }
            self.position.pass(sequence);
            self.turns.fetch_is_next = true;
            let taken = self.hand_over(sequence, message, message.at);
            let waits = self.inboxes.deliver(taken, message.at);
            debug_assert!(waits.is_none(), "who waits is not left for later");
        }
    }

    fn apply(&mut self, ack: Ack) {
        self.end(SequencePair::new(0, ack.sequence));
    }

    /// Whether so many more deliveries are within `max_ack_pending`, and one besides.
    fn has_room_for(&self, more: usize) -> bool {
        let unsettled = u64::try_from(self.pending.len().saturating_add(more)).unwrap_or(u64::MAX);
        self.config.max_ack_pending.at().is_none_or(|limit| unsettled < limit.into())
    }
}
