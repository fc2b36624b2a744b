//! Handing messages to a fetch.

use pubsub_core::{AckPolicy, SequencePair};
use tokio::time::Instant;

use super::ConsumerState;
use super::row::{Takes, When};
use super::waits::wait_after;
use crate::clock::after;
use crate::stream::{Effects, Handout, Kept, Messages};

/// How many messages one handle may take in a row while there are others: enough to be cheap, few enough to be fair.
const FAIR_SHARE: usize = 16;

/// How much a fetch has room for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) messages: usize,
    /// Bytes after the first message, which always fits.
    pub(crate) bytes: u64,
}

/// One delivery, before it is made into what users hold.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) message: Handout,
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

    /// Takes what there is room for: first those that come again, also past `max_ack_pending`, then new ones.
    pub(crate) fn take(
        &mut self,
        room: Room,
        handle: u64,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
        taken: &mut Vec<Taken>,
    ) {
        self.used(now);
        let before = taken.len();
        let mut bytes = Bytes::new(room, messages, self.config.headers_only);
        while taken.len() - before < room.messages && bytes.fits(|| self.peek_again(messages)) {
            let Some(again) = self.take_again(messages, now, effects) else {
                break;
            };
            taken.push(again);
        }
        if taken.len() - before < room.messages && self.reads_in_a_row() {
            let most = self.room().min(room.messages - (taken.len() - before));
            let there = self.position.undelivered(messages, &self.selector);
            taken.reserve(most.min(usize::try_from(there).unwrap_or(usize::MAX)));
            let mut batch = Batch { taken, bytes: &mut bytes };
            self.hand_over_row(messages, most, When::Now(now), &mut batch);
        }
        while taken.len() - before < room.messages
            && bytes.fits(|| self.position.peek(messages, &self.selector))
        {
            // A fetch that has something does not wait for the time of the next one to pass.
            let asks = taken.len() == before;
            let Some(new) = self.take_new(messages, now, asks) else {
                break;
            };
            taken.push(new);
        }
        self.end_replay(messages, now);
        self.count_pending(messages, taken.get_mut(before..).unwrap_or_default());
        self.count_turn(handle, taken.len() - before);
        self.tell_in_time(effects);
    }

    /// Takes one message for a subscription.
    pub(super) fn take_one(
        &mut self,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
    ) -> Option<Taken> {
        let again = self.take_again(messages, now, effects);
        let mut taken = again.or_else(|| self.take_new(messages, now, true))?;
        taken.pending = self.position.undelivered(messages, &self.selector);
        Some(taken)
    }

    /// Whether the next message is no larger than that.
    pub(super) fn next_fits(&mut self, bytes: u64, messages: &Messages) -> bool {
        let headers_only = self.config.headers_only;
        let mut bytes = Bytes { left: Some(bytes), headers_only, is_first: false };
        let again = self.peek_again(messages);
        bytes.fits(|| again.or_else(|| self.position.peek(messages, &self.selector)))
    }

    /// The message that [`take_again`](Self::take_again) would take, but for one that it gives up.
    fn peek_again<'a>(&mut self, messages: &'a Messages) -> Option<Kept<'a>> {
        let (sequence, _) = self.pending.next_queued()?;
        messages.log().get(sequence)
    }

    pub(super) fn take_again(
        &mut self,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
    ) -> Option<Taken> {
        if self.is_paused() || self.replays_next(messages) {
            return None;
        }
        loop {
            let (sequence, entry) = self.pending.next_queued()?;
            let Some(message) = messages.log().get(sequence) else {
                self.end(SequencePair::new(entry.number, sequence));
                // With `AckPolicy::All` an ack above it may have come first: then it has not ended, and would be found for ever.
                self.pending.remove(sequence);
                continue;
            };
            if self.is_last_attempt(entry.attempts) {
                self.exhaust(sequence, entry.attempts, effects);
                continue;
            }
            let attempt = entry.attempts + 1;
            self.pending.redeliver(sequence, after(now, wait_after(&self.config, attempt)));
            self.delivered.consumer += 1;
            if let Some(replay) = &mut self.replay {
                replay.delivered(message.at, false);
            }
            return Some(Taken {
                message: self.as_shown(message),
                sequence,
                number: self.delivered.consumer,
                attempt,
                pending: 0,
            });
        }
    }

    /// `asks` says whether the time before a message begins to pass if it has not begun.
    fn take_new(&mut self, messages: &Messages, now: Instant, asks: bool) -> Option<Taken> {
        if self.is_paused() {
            return None;
        }
        if self.is_stalled() {
            // Some of what blocks may have left the stream.
            self.forget_removed(messages);
            if self.is_stalled() {
                return None;
            }
        }
        if let Some(replay) = &mut self.replay
            && let Some(next) = self.position.peek(messages, &self.selector)
            && !replay.lets_pass(next.at, now, asks)
        {
            return None;
        }
        let (sequence, message) = self.position.advance(messages, &self.selector)?;
        if let Some(replay) = &mut self.replay {
            replay.delivered(message.at, true);
        }
        Some(self.hand_over(sequence, message, now))
    }

    /// Counts the first delivery of a message, at this time.
    pub(super) fn hand_over(&mut self, sequence: u64, message: Kept<'_>, now: Instant) -> Taken {
        self.delivered.consumer += 1;
        self.delivered.stream = self.delivered.stream.max(sequence);
        let number = self.delivered.consumer;
        if self.config.ack == AckPolicy::None {
            self.floor.set(SequencePair::new(number, sequence));
            self.shown_floor = self.floor;
        } else {
            self.pending.insert(sequence, number, after(now, wait_after(&self.config, 1)));
        }
        let message = self.as_shown(message);
        Taken { message, sequence, number, attempt: 1, pending: 0 }
    }

    /// Whether a message that waits for its time, or has, stands before those that come again.
    fn replays_next(&mut self, messages: &Messages) -> bool {
        self.replay.is_some_and(|replay| replay.has_next())
            && !self.is_stalled()
            && self.position.undelivered(messages, &self.selector) > 0
    }

    /// Ends the replay once what there was is delivered and nothing else waits to be.
    pub(super) fn end_replay(&mut self, messages: &Messages, now: Instant) {
        if let Some(replay) = self.replay
            && self.position.next_sequence() > replay.until
            && (!self.inboxes.is_asking(now) || self.position.undelivered(messages, &self.selector) == 0)
        {
            self.replay = None;
        }
    }

    /// The message as this consumer hands it out.
    pub(super) fn as_shown(&self, message: Kept<'_>) -> Handout {
        if self.config.headers_only { message.without_payload() } else { message.hand_out() }
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

/// What a fetch gets, while many messages in a row are handed over to it.
struct Batch<'a> {
    taken: &'a mut Vec<Taken>,
    bytes: &'a mut Bytes,
}

impl Takes for Batch<'_> {
    fn asks(&mut self, _: Instant, next: Kept<'_>) -> bool {
        self.bytes.fits(|| Some(next))
    }

    fn take(&mut self, taken: Taken, _: Instant) {
        self.taken.push(taken);
    }
}

/// Counts the bytes of a batch, where there may be more than there is room for.
struct Bytes {
    /// `None` if all that is stored fits.
    left: Option<u64>,
    headers_only: bool,
    is_first: bool,
}

impl Bytes {
    fn new(room: Room, messages: &Messages, headers_only: bool) -> Self {
        let left = Some(room.bytes).filter(|bytes| messages.log().bytes() > *bytes);
        Self { left, headers_only, is_first: true }
    }

    /// Whether the next message fits, which is then taken. The first one always does.
    fn fits<'a>(&mut self, next: impl FnOnce() -> Option<Kept<'a>>) -> bool {
        let Some(left) = self.left else { return true };
        let Some(message) = next() else { return true };
        let cost = if self.headers_only { message.bare_cost() } else { message.cost() };
        if cost > left && !self.is_first {
            return false;
        }
        self.is_first = false;
        self.left = Some(left.saturating_sub(cost));
        true
    }
}
