//! Keeping a stream within its limits.

use std::time::Duration;

use pubsub_core::{Discard, Limit, Result, Rollup, Subject};
use tokio::time::Instant;

use super::retention::Why;
use super::state::StreamState;
use super::stored::{Kept, Stored};
use crate::error;

/// The first server that fills a stream to its last byte.
const LAST_BYTE: (u16, u16) = (2, 14);

/// The first server that takes a rollup on a full subject.
const ROLLUP_MAKES_ROOM: (u16, u16) = (2, 14);

/// The first server to which a lowered `max_messages_per_subject` applies at once, and not with a subject's next message.
const SUBJECTS_SHRINK: (u16, u16) = (2, 14);

impl StreamState {
    pub(super) fn check_size(&self, message: &Stored) -> Result<()> {
        match self.config.max_message_size {
            Limit::At(limit) if message.size() > limit.into() => {
                Err(error::message_too_large(self.name(), message.size(), limit))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a message that does not fit into a stream that discards the new. One that replaces an older one of its
    /// subject fits, if it is no larger than that one; one that rolls its subject up is not refused for the number of
    /// messages there (measured on nats-server 2.15.1).
    pub(super) fn check_room(&self, message: &Stored, rollup: Option<Rollup>) -> Result<()> {
        if self.config.discard != Discard::New {
            return Ok(());
        }
        let log = self.messages.log();
        let replaced = self.replaced_by(&message.subject);
        if replaced.is_some() && self.refuses_on_full_subjects(rollup) {
            return Err(error::stream_full(self.name(), "max_messages_per_subject"));
        }
        if replaced.is_none() && self.config.max_messages.is_exceeded_by(&(log.len() + 1)) {
            return Err(error::stream_full(self.name(), "max_messages"));
        }
        let fits = replaced.is_some_and(|replaced| message.cost() <= replaced.cost());
        if !fits && self.is_over_bytes(log.bytes() + message.cost()) {
            return Err(error::stream_full(self.name(), "max_bytes"));
        }
        Ok(())
    }

    /// Whether one more message on a subject is refused that has its `max_messages_per_subject`. To an older server it does
    /// not matter that a rollup would make room.
    pub(super) fn refuses_on_full_subjects(&self, rollup: Option<Rollup>) -> bool {
        let makes_room = rollup.is_some() && self.bounds.server_version.is_at_least(ROLLUP_MAKES_ROOM);
        self.config.discard_new_per_subject && !makes_room
    }

    /// Whether a stream that discards the new cannot hold so many bytes. An older server leaves the last one free.
    pub(super) fn is_over_bytes(&self, bytes: u64) -> bool {
        let reaches_the_limit = self.bounds.server_version.is_at_least(LAST_BYTE);
        self.config.max_bytes.is_exceeded_by(&(bytes + u64::from(!reaches_the_limit)))
    }

    /// The message that has to go for another one of its subject.
    fn replaced_by(&self, subject: &Subject) -> Option<Kept<'_>> {
        let limit = self.config.max_messages_per_subject.at()?;
        let subjects = self.messages.subjects();
        if subjects.count(subject.as_str()) < limit {
            return None;
        }
        let oldest = subjects.first_of(subject.as_str())?;
        self.messages.log().get(oldest)
    }

    /// Removes the oldest messages until all limits hold, after a publish on this subject.
    pub(super) fn enforce_limits(&mut self, grown: &Subject) {
        if let Limit::At(limit) = self.config.max_messages_per_subject {
            self.enforce_on_subject(grown, limit);
        }
        self.enforce_on_all();
    }

    /// The same after a change of the limits.
    pub(super) fn enforce_new_limits(&mut self) {
        self.enforce_on_all();
        let Limit::At(limit) = self.config.max_messages_per_subject else {
            return;
        };
        if !self.bounds.server_version.is_at_least(SUBJECTS_SHRINK) {
            return;
        }
        let counts = self.messages.subjects().counts();
        let mut subjects: Vec<Subject> =
            counts.filter(|(_, count)| *count > limit).map(|(subject, _)| subject.clone()).collect();
        subjects.sort_unstable();
        for subject in &subjects {
            self.enforce_on_subject(subject, limit);
        }
    }

    /// A stream that refuses new messages keeps the old ones, also where a lowered limit finds too many of them; it only
    /// loses those that are too many on their subject (measured on nats-server 2.15.1).
    fn enforce_on_all(&mut self) {
        if self.config.discard != Discard::Old {
            return;
        }
        while self.config.max_messages.is_exceeded_by(&self.messages.log().len())
            || self.config.max_bytes.is_exceeded_by(&self.messages.log().bytes())
        {
            if !self.remove(self.messages.log().first(), Why::Dropped) {
                return;
            }
        }
    }

    fn enforce_on_subject(&mut self, subject: &Subject, limit: u64) {
        while self.messages.subjects().count(subject.as_str()) > limit {
            let Some(oldest) = self.messages.subjects().first_of(subject.as_str()) else {
                return;
            };
            self.remove(oldest, Why::Dropped);
        }
    }

    /// Removes what has become too old.
    pub(super) fn expire(&mut self, now: Instant, max_age: Duration) {
        loop {
            let first = self.messages.log().first();
            let is_old = |message: Kept<'_>| now.saturating_duration_since(message.at) >= max_age;
            if !self.messages.log().get(first).is_some_and(is_old) {
                return;
            }
            self.remove(first, Why::Dropped);
        }
    }
}
