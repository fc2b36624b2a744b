//! What becomes of unsettled deliveries whose messages leave the stream.

use pubsub_core::SequencePair;
use tokio::time::Instant;

use super::ConsumerState;
use super::waits::wait_after;
use crate::stream::{Effects, Messages};

/// What a purge means for one consumer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purged<'a> {
    /// The consumer goes on here.
    pub(crate) from: u64,
    /// Whether the consumer sees more than what was purged, so that it looks for gaps above `from` too.
    pub(crate) is_wider: bool,
    /// The messages that were removed, unless these are all below `from`.
    pub(crate) removed: &'a [u64],
}

impl ConsumerState {
    /// Drops what is no longer in the stream, as far as a server would tell the consumer.
    pub(crate) fn forget_removed(&mut self, messages: &Messages) {
        let first = messages.log().first();
        let is_below = |sequence: u64| sequence < first;
        if self.dropped == messages.dropped().count()
            && !self.pending.sequences().next().is_some_and(is_below)
            && !(self.tracks_exhausted && self.exhausted.first().copied().is_some_and(is_below))
        {
            return;
        }
        let known = std::mem::replace(&mut self.dropped, messages.dropped().count());
        let mut gone: Vec<u64> = self.pending.sequences().take_while(|sequence| *sequence < first).collect();
        match messages.dropped().since(known) {
            Some(dropped) => {
                for sequence in dropped.filter(|sequence| *sequence >= first) {
                    if self.pending.contains(sequence) {
                        gone.push(sequence);
                    } else if self.tracks_exhausted && !self.untold.contains(&sequence) {
                        self.exhausted.remove(&sequence);
                    }
                }
                gone.sort_unstable();
            }
            None => {
                let is_gone = |sequence: &u64| *sequence >= first && messages.log().get(*sequence).is_none();
                gone.extend(self.pending.sequences().filter(is_gone));
            }
        }
        for sequence in gone {
            if !self.untold.contains(&sequence) {
                self.end_removed(sequence);
            }
        }
        if self.tracks_exhausted && self.exhausted.first().is_some_and(|sequence| *sequence < first) {
            self.exhausted = self.exhausted.split_off(&first);
        }
    }

    /// The message at the floor: below it nothing is unsettled, but for exhausted messages.
    pub(crate) fn settled_below(&self) -> u64 {
        self.floor.pair().stream
    }

    /// A server terminates what it finds to be removed.
    fn end_removed(&mut self, sequence: u64) {
        let number = self.pending.get(sequence).map_or(0, |entry| entry.number);
        self.end(SequencePair::new(number, sequence));
    }

    /// These messages were removed, and the consumer is not told.
    pub(crate) fn miss(&mut self, removed: &[u64]) {
        if self.pending.is_empty() && self.exhausted.is_empty() {
            return;
        }
        let is_known =
            |sequence: &&u64| self.pending.contains(**sequence) || self.exhausted.contains(*sequence);
        let missed: Vec<u64> = removed.iter().filter(is_known).copied().collect();
        self.untold.extend(missed);
    }

    /// A server's timer looks at all that is unsettled: what it finds below the stream's first message, or below the
    /// floor, it forgets without a word.
    pub(super) fn find_out(&mut self, messages: &Messages) {
        let (first, floor) = (messages.log().first(), self.floor.pair().stream);
        let (untold, pending) = (&mut self.untold, &self.pending);
        untold.retain(|sequence| pending.contains(*sequence) || self.exhausted.contains(sequence));
        let over: Vec<u64> = untold
            .iter()
            .copied()
            .filter(|sequence| *sequence < first.max(floor.saturating_add(1)))
            .collect();
        for sequence in over {
            self.untold.remove(&sequence);
            if let Some(entry) = self.pending.remove(sequence) {
                let floor = self.floor.pair();
                let (number, sequence) = (floor.consumer.max(entry.number), floor.stream.max(sequence));
                self.floor.set(SequencePair::new(number, sequence));
                self.shown_floor = self.floor;
            }
        }
        if self.pending.is_empty() {
            self.floor.set(self.passed());
            self.shown_floor = self.floor;
        }
    }

    /// After a change of filters: of the removal of what they do not match the consumer is not told.
    pub(super) fn note_unmatched(&mut self, messages: &Messages) {
        let was_untold = std::mem::take(&mut self.untold);
        let unsettled = self.pending.sequences().chain(self.exhausted.iter().copied());
        let is_unmatched = |sequence: &u64| match messages.log().get(*sequence) {
            Some(message) => !self.selector.matches(message.subject.as_str()),
            None => was_untold.contains(sequence),
        };
        self.untold = unsettled.filter(is_unmatched).collect();
    }

    /// A purge has removed what this consumer sees: it goes on behind it. As with a server, what was to be delivered
    /// again and is still there now waits for its ack wait; and one whose floor is not behind the new beginning does not
    /// look at what is unsettled.
    pub(crate) fn purged(
        &mut self,
        purged: Purged<'_>,
        messages: &Messages,
        now: Instant,
        effects: &mut Effects,
    ) {
        self.advance(messages, now, effects);
        let Purged { from, is_wider, removed } = purged;
        self.position.skip_to(from);
        if self.floor.pair().stream < from {
            let mut gone: Vec<u64> =
                self.pending.sequences().take_while(|sequence| *sequence < from).collect();
            if is_wider {
                let missing = removed.iter().chain(&self.untold).filter(|sequence| **sequence >= from);
                gone.extend(missing.filter(|sequence| messages.log().get(**sequence).is_none()));
            }
            let mut highest = 0;
            for sequence in gone {
                if let Some(entry) = self.pending.remove(sequence) {
                    highest = highest.max(entry.number);
                }
            }
            self.floor.purged_below(from, highest);
        }
        self.delivered = self.passed();
        self.delivered.stream = self.delivered.stream.max(from.saturating_sub(1));
        if self.pending.is_empty() {
            self.exhausted.clear();
            self.untold.clear();
            self.floor.set(self.delivered);
        }
        self.shown_floor = self.floor;
        self.pending.unqueue(now, |attempts| wait_after(&self.config, attempts));
    }
}
