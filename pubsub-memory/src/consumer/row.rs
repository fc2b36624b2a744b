//! Handing over many new messages in a row: what nearly every delivery is part of.

use std::ops::ControlFlow;
use std::task::Waker;

use pubsub_core::AckPolicy;
use tokio::time::Instant;

use super::waits::wait_after;
use super::{ConsumerState, Selector, Taken};
use crate::clock::after;
use crate::stream::{Kept, Messages};

/// As of when messages are handed over.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// All now, each with the count of those behind it.
    Now(Instant),
    /// Each when it was stored, with none behind it then.
    AsStored,
}

/// Where messages go that are handed over in a row.
pub(super) trait Takes {
    /// Whether the next one may be handed over at this time. It is, if so.
    fn asks(&mut self, at: Instant, next: Kept<'_>) -> bool;

    /// Takes one that was asked for.
    fn take(&mut self, taken: Taken, at: Instant);
}

impl ConsumerState {
    /// Whether the next messages are simply those that come next in the stream, each to be settled.
    pub(super) fn reads_in_a_row(&self) -> bool {
        matches!(self.selector, Selector::All)
            && !self.position.has_picked()
            && self.config.ack != AckPolicy::None
            && self.replay.is_none()
            && !self.is_paused()
            && !self.chooses()
    }

    /// How many more deliveries `max_ack_pending` has room for.
    pub(super) fn room(&self) -> usize {
        self.config.max_ack_pending.at().map_or(usize::MAX, |limit| {
            usize::try_from(u64::from(limit)).unwrap_or(usize::MAX).saturating_sub(self.pending.len())
        })
    }

    /// Delivers up to so many messages to subscriptions, each to the one whose turn it is. Only for a consumer that
    /// [reads in a row](Self::reads_in_a_row) and has [room](Self::room) for them. Gives back who
    /// waited for one of them.
    pub(super) fn deliver_row(
        &mut self,
        messages: &Messages,
        most: usize,
        when: When,
        wake: impl FnMut(Waker),
    ) {
        let mut inboxes = std::mem::take(&mut self.inboxes);
        let handed = if let Some(mut only) = inboxes.only() {
            let handed = self.hand_over_row(messages, most, when, &mut only);
            only.into_woken().into_iter().for_each(wake);
            handed
        } else {
            let mut turns = inboxes.in_turn();
            let handed = self.hand_over_row(messages, most, when, &mut turns);
            turns.into_woken().into_iter().for_each(wake);
            handed
        };
        self.inboxes = inboxes;
        self.turns.fetch_is_next |= handed > 0;
    }

    /// Counts the first deliveries of up to so many messages, as [`hand_over`](Self::hand_over) does one by one, under the
    /// same conditions as [`deliver_row`](Self::deliver_row). Returns how many there were.
    pub(super) fn hand_over_row(
        &mut self,
        messages: &Messages,
        most: usize,
        when: When,
        taker: &mut impl Takes,
    ) -> u64 {
        let wait = wait_after(&self.config, 1);
        let mut left = match when {
            When::Now(_) => self.position.undelivered(messages, &self.selector),
            When::AsStored => 0,
        };
        let until = match when {
            When::Now(now) => Some(after(now, wait)),
            When::AsStored => None,
        };
        let (mut handed, mut last) = (0, None);
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        messages.log().visit_from(self.position.cursor(), |sequence, message| {
            let at = match when {
                When::Now(now) => now,
                When::AsStored => message.at,
            };
            if handed == most || !taker.asks(at, message) {
                return ControlFlow::Break(());
            }
            left = left.saturating_sub(1);
            self.delivered.consumer += 1;
            let number = self.delivered.consumer;
            self.pending.insert(sequence, number, until.unwrap_or_else(|| after(at, wait)));
            let message = self.as_shown(message);
            taker.take(Taken { message, sequence, number, attempt: 1, pending: left }, at);
            (handed, last) = (handed + 1, Some(sequence));
            ControlFlow::Continue(())
        });
        if let Some(last) = last {
            self.delivered.stream = self.delivered.stream.max(last);
            self.position.pass(last);
        }
        handed
    }
}
