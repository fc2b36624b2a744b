//! How far a consumer has read.

use std::collections::VecDeque;

use super::Selector;
use crate::stream::{Kept, Messages};

/// A consumer's place in its stream: what it has not seen yet.
#[derive(Debug)]
pub(crate) struct Position {
    /// Messages from here on were not delivered yet.
    cursor: u64,
    /// Messages below the cursor that are delivered first: the newest of each subject, for `LastPerSubject`.
    picked: VecDeque<u64>,
    /// For a selector with wildcards: how many messages from the cursor up to and with `counted_to` it takes. The
    /// other selectors count from the stream's indexes.
    counted: u64,
    counted_to: u64,
}

impl Position {
    pub(crate) fn new(cursor: u64, picked: VecDeque<u64>) -> Self {
        Self { cursor, picked, counted: 0, counted_to: cursor.saturating_sub(1) }
    }

    /// The first sequence that was not looked at.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Whether something comes before the cursor.
    pub(crate) fn has_picked(&self) -> bool {
        !self.picked.is_empty()
    }

    /// What comes before the cursor.
    pub(crate) fn picked(&self) -> impl Iterator<Item = u64> {
        self.picked.iter().copied()
    }

    /// The first sequence that may be delivered next.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.picked.front().copied().unwrap_or(self.cursor)
    }

    /// Whether a message of this sequence is still to be delivered, if the selector takes it.
    pub(crate) fn is_ahead(&self, sequence: u64) -> bool {
        sequence >= self.cursor || self.picked.binary_search(&sequence).is_ok()
    }

    /// The message that [`advance`](Self::advance) would take.
    pub(crate) fn peek<'a>(&self, messages: &'a Messages, selector: &Selector) -> Option<Kept<'a>> {
        let mut picked = self.picked.iter().filter_map(|sequence| messages.log().get(*sequence));
        picked.next().or_else(|| messages.next(selector, self.cursor).map(|(_, message)| message))
    }

    /// Takes the next message.
    pub(crate) fn advance<'a>(
        &mut self,
        messages: &'a Messages,
        selector: &Selector,
    ) -> Option<(u64, Kept<'a>)> {
        while let Some(sequence) = self.picked.pop_front() {
            if let Some(message) = messages.log().get(sequence) {
                return Some((sequence, message));
            }
        }
        let Some((sequence, message)) = self.look(messages, selector) else {
            // What was passed over is not looked at again, also after a change of filters.
            self.cursor = self.cursor.max(messages.log().last().saturating_add(1));
            return None;
        };
        self.pass(sequence);
        Some((sequence, message))
    }

    /// The next message behind the cursor, which stays where it is.
    pub(crate) fn look<'a>(
        &mut self,
        messages: &'a Messages,
        selector: &Selector,
    ) -> Option<(u64, Kept<'a>)> {
        let is_counted_out =
            matches!(selector, Selector::Wildcards(_)) && self.count(messages, selector) == 0;
        if is_counted_out { None } else { messages.next(selector, self.cursor) }
    }

    /// Goes on behind the message that [`look`](Self::look) has found.
    pub(crate) fn pass(&mut self, sequence: u64) {
        self.cursor = sequence.saturating_add(1);
        if sequence <= self.counted_to {
            self.counted = self.counted.saturating_sub(1);
        } else {
            self.counted_to = sequence;
        }
    }

    /// How many messages were not delivered yet.
    pub(crate) fn undelivered(&mut self, messages: &Messages, selector: &Selector) -> u64 {
        let picked = u64::try_from(self.picked.len()).unwrap_or(u64::MAX);
        let ahead = match selector {
            Selector::All => messages.log().count_from(self.cursor),
            Selector::Literals(subjects) => subjects
                .iter()
                .map(|subject| messages.subjects().count_from(subject.as_str(), self.cursor))
                .sum(),
            Selector::Wildcards(_) => self.count(messages, selector),
        };
        picked + ahead
    }

    fn count(&mut self, messages: &Messages, selector: &Selector) -> u64 {
        let last = messages.log().last();
        self.counted_to = self.counted_to.max(self.cursor.saturating_sub(1));
        while self.counted_to < last {
            match messages.next(selector, self.counted_to.saturating_add(1)) {
                Some((sequence, _)) => {
                    self.counted += 1;
                    self.counted_to = sequence;
                }
                None => self.counted_to = last,
            }
        }
        self.counted
    }

    /// Whether [`on_removed`](Self::on_removed) must be told of removals.
    pub(crate) fn watches_removals(&self, selector: &Selector) -> bool {
        matches!(selector, Selector::Wildcards(_)) || !self.picked.is_empty()
    }

    /// A message that the selector takes has left the stream.
    pub(crate) fn on_removed(&mut self, sequence: u64, selector: &Selector) {
        if let Ok(at) = self.picked.binary_search(&sequence) {
            self.picked.remove(at);
        } else if matches!(selector, Selector::Wildcards(_))
            && (self.cursor..=self.counted_to).contains(&sequence)
        {
            self.counted = self.counted.saturating_sub(1);
        }
    }

    /// Goes on at `first` if that is ahead: what is below it is gone.
    pub(crate) fn skip_to(&mut self, first: u64) {
        let kept = self.picked.partition_point(|sequence| *sequence < first);
        self.picked.drain(..kept);
        if first > self.cursor {
            self.cursor = first;
            self.recount();
        }
    }

    /// Counts anew: the selector has changed, or much has been removed.
    pub(crate) fn recount(&mut self) {
        self.counted = 0;
        self.counted_to = self.cursor.saturating_sub(1);
    }
}
