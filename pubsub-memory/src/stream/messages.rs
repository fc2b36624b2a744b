//! The stored messages, by sequence and by subject.

use bytes::Bytes;
use pubsub_core::{Headers, Subject};
use tokio::time::Instant;

use super::dropped::Dropped;
use super::log::Log;
use super::stored::{Kept, Stored};
use super::subjects::SubjectIndex;
use crate::consumer::Selector;

/// The log, and what consumers ask of it.
#[derive(Debug)]
pub(crate) struct Messages {
    log: Log,
    dropped: Dropped,
}

impl Messages {
    pub(crate) fn new() -> Self {
        Self { log: Log::new(), dropped: Dropped::default() }
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn subjects(&self) -> &SubjectIndex {
        self.log.subjects()
    }

    pub(crate) fn push(&mut self, message: &mut Stored, holders: u32) -> u64 {
        self.log.push(message, holders)
    }

    /// The same for the parts of a message that costs so many bytes and has no holders.
    pub(crate) fn push_parts(
        &mut self,
        subject: &Subject,
        headers: Headers,
        payload: Bytes,
        at: Instant,
        cost: u64,
    ) -> u64 {
        self.log.push_parts(subject, headers, payload, at, cost, 0)
    }

    /// Appends a message that has its sequence already, above all others.
    pub(crate) fn push_at(&mut self, sequence: u64, message: &mut Stored, holders: u32) {
        self.log.end_at(sequence.saturating_sub(1), false);
        self.push(message, holders);
    }

    /// What there was ends with this sequence.
    pub(crate) fn end_at(&mut self, last: u64, is_set: bool) {
        self.log.end_at(last, is_set);
    }

    pub(crate) fn skip(&mut self) -> u64 {
        self.log.skip()
    }

    pub(crate) fn holders_mut(&mut self, sequence: u64) -> Option<&mut u32> {
        self.log.holders_mut(sequence)
    }

    /// The messages that were dropped from the middle.
    pub(crate) fn dropped(&self) -> &Dropped {
        &self.dropped
    }

    /// Takes note that a message was removed of which there may be unsettled deliveries.
    pub(crate) fn note_dropped(&mut self, sequence: u64) {
        self.dropped.one(sequence);
    }

    /// Takes note that any number of messages may have been.
    pub(crate) fn note_many_dropped(&mut self) {
        self.dropped.many();
    }

    /// Removes a message and returns its subject.
    pub(crate) fn remove(&mut self, sequence: u64) -> Option<Subject> {
        self.log.remove(sequence)
    }

    /// Removes everything, as [`Log::clear`].
    pub(crate) fn clear(&mut self, next: u64) {
        self.log.clear(next);
        self.dropped.many();
    }

    /// The first message at this sequence or above that the selector takes.
    pub(crate) fn next(&self, selector: &Selector, from: u64) -> Option<(u64, Kept<'_>)> {
        match selector {
            Selector::All => self.log.next_from(from),
            Selector::Literals(subjects) => {
                let next = subjects
                    .iter()
                    .filter_map(|subject| self.subjects().next_of(subject.as_str(), from))
                    .min()?;
                Some((next, self.log.get(next)?))
            }
            Selector::Wildcards(_) => {
                let mut from = from;
                loop {
                    let (sequence, message) = self.log.next_from(from)?;
                    if selector.matches(message.subject.as_str()) {
                        return Some((sequence, message));
                    }
                    from = sequence.checked_add(1)?;
                }
            }
        }
    }

    /// The newest message that the selector takes.
    pub(crate) fn last(&self, selector: &Selector) -> Option<u64> {
        match selector {
            Selector::All => Some(self.log.previous_from(u64::MAX)?.0),
            Selector::Literals(subjects) => {
                subjects.iter().filter_map(|subject| self.subjects().last_of(subject.as_str())).max()
            }
            Selector::Wildcards(filters) => {
                filters.iter().flat_map(|filter| self.subjects().last_of_each(filter)).max()
            }
        }
    }
}
