//! Storing several messages: all of them, or none (ADR-50).

use std::collections::{HashMap, HashSet};

use pubsub_core::{BatchReceipt, Discard, Limit, MessageId, OutboundMessage, Result, Rollup, Subject};
use tokio::time::Instant;

use super::incoming::Incoming;
use crate::error::{self, BatchFault};
use crate::stream::effects::Effects;
use crate::stream::state::StreamState;

const BATCH_ID: &str = "Nats-Batch-Id";
const BATCH_SEQUENCE: &str = "Nats-Batch-Sequence";
const BATCH_COMMIT: &str = "Nats-Batch-Commit";

/// What the messages before the one that is looked at will have done.
#[derive(Debug, Default)]
struct Staged {
    messages: u64,
    bytes: u64,
    /// How many messages each subject gets.
    subjects: HashMap<Subject, u64>,
    ids: HashSet<MessageId>,
}

impl StreamState {
    /// Stores all messages one after the other, or none. Each is looked at with those before it in mind, in the order of
    /// nats-server 2.15.1 (measured).
    pub(crate) fn publish_atomic(
        &mut self,
        messages: Vec<OutboundMessage>,
        batch: &str,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<BatchReceipt> {
        let count = messages.len();
        let mut batched = Vec::with_capacity(count);
        for (number, message) in (1_usize..).zip(messages) {
            let mut incoming = self.incoming(message, now)?;
            for (name, value) in batch_headers(batch, number, count) {
                incoming.set_header(name, &value)?;
            }
            let checked = self.check_size(&incoming.message).and_then(|()| self.check_atomic());
            checked.map_err(|error| about(error, &incoming, number))?;
            batched.push(incoming);
        }
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        if self.messages.log().last().checked_add(count).is_none() {
            return Err(error::sequences_exhausted(self.name()));
        }
        self.dedup.expire(now, self.duplicate_window);
        let mut staged = Staged::default();
        for (number, incoming) in (1_usize..).zip(&mut batched) {
            self.stage(incoming, &mut staged, now).map_err(|error| about(error, incoming, number))?;
        }
        let mut last = self.messages.log().last();
        for mut incoming in batched {
            // Nothing is left to refuse it.
            last = self.keep(&mut incoming, effects)?;
        }
        Ok(BatchReceipt::new(self.name().clone(), last, count))
    }

    fn check_atomic(&self) -> Result<()> {
        if self.config.allow_atomic_batches { Ok(()) } else { Err(error::no_atomic_batches(self.name())) }
    }

    fn stage(&self, incoming: &mut Incoming, staged: &mut Staged, now: Instant) -> Result<()> {
        if let Some(expected) = incoming.expectations() {
            if expected.last_id.is_some() {
                return Err(error::batch_refused(self.name(), BatchFault::ExpectedId));
            }
            self.check_expected_stream(expected)?;
        }
        self.check_ttl(incoming.ttl())?;
        self.stage_id(incoming.id.as_ref(), staged)?;
        self.check_staged_sequences(incoming, staged)?;
        self.check_schedule(incoming, now)?;
        self.check_staged_rollup(incoming, staged)?;
        self.lengthen_ttl(incoming)?;
        staged.messages += 1;
        staged.bytes += incoming.message.cost();
        *staged.subjects.entry(incoming.message.subject.clone()).or_default() += 1;
        self.check_staged_room(incoming, staged)
    }

    /// A batch with an id that is known is no duplicate: it is refused.
    fn stage_id(&self, id: Option<&MessageId>, staged: &mut Staged) -> Result<()> {
        let Some(id) = id else { return Ok(()) };
        if self.dedup.find(id).is_some() || !staged.ids.insert(id.clone()) {
            return Err(error::batch_refused(self.name(), BatchFault::KnownId));
        }
        let limit = self.bounds.max_message_ids;
        if self.dedup.len() + staged.ids.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(error::too_many_ids(self.name(), limit));
        }
        Ok(())
    }

    fn check_staged_sequences(&self, incoming: &Incoming, staged: &Staged) -> Result<()> {
        let Some(expected) = incoming.expectations() else {
            return Ok(());
        };
        if let Some(sequence) = expected.last_sequence {
            let last = self.messages.log().last() + staged.messages;
            if sequence != last {
                return Err(error::wrong_last_sequence(self.name(), last));
            }
            // Only the first message can expect one.
            if staged.messages > 0 {
                return Err(error::sequence_of_batch(self.name()));
            }
        }
        let Some(sequence) = expected.last_subject_sequence else {
            return Ok(());
        };
        let own = incoming.message.subject.as_str();
        let subject = expected.last_subject_filter.as_ref().map_or(own, AsRef::as_ref);
        // By its text: a filter with wildcards does not see what the batch has before.
        if staged.subjects.contains_key(subject) {
            return Err(error::sequence_of_batch(self.name()));
        }
        self.check_subject_sequence(expected, &incoming.message.subject, sequence)
    }

    fn check_staged_rollup(&self, incoming: &Incoming, staged: &Staged) -> Result<()> {
        self.check_rollup(incoming.rollup())?;
        let comes_too_late = match incoming.rollup() {
            Some(Rollup::All) => staged.messages > 0,
            Some(_) => staged.subjects.contains_key(&incoming.message.subject),
            None => false,
        };
        if comes_too_late { Err(error::batch_refused(self.name(), BatchFault::Rollup)) } else { Ok(()) }
    }

    /// As a server, without regard to what the batch would replace.
    fn check_staged_room(&self, incoming: &Incoming, staged: &Staged) -> Result<()> {
        if self.config.discard != Discard::New {
            return Ok(());
        }
        let log = self.messages.log();
        if self.config.max_messages.is_exceeded_by(&(log.len() + staged.messages)) {
            return Err(error::stream_full(self.name(), "max_messages"));
        }
        if self.is_over_bytes(log.bytes() + staged.bytes) {
            return Err(error::stream_full(self.name(), "max_bytes"));
        }
        let subject = &incoming.message.subject;
        match self.config.max_messages_per_subject {
            Limit::At(limit) if self.refuses_on_full_subjects(incoming.rollup()) => {
                let staged = staged.subjects.get(subject).copied().unwrap_or_default();
                if self.messages.subjects().count(subject.as_str()) + staged > limit {
                    return Err(error::stream_full(self.name(), "max_messages_per_subject"));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// What each message of a batch says of it, by its number among so many.
pub(crate) fn batch_headers(batch: &str, number: usize, count: usize) -> Vec<(&'static str, String)> {
    let mut lines = vec![(BATCH_ID, batch.to_owned()), (BATCH_SEQUENCE, number.to_string())];
    if number == count {
        lines.push((BATCH_COMMIT, "1".to_owned()));
    }
    lines
}

/// Says which message of the batch it is about.
fn about(error: pubsub_core::Error, incoming: &Incoming, number: usize) -> pubsub_core::Error {
    error.with_context("subject", &incoming.message.subject).with_context("message", number)
}
