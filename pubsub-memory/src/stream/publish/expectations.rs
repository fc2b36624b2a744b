//! Whether the stream is as a publisher expects it to be.

use pubsub_core::{Expectations, MessageId, Result, Subject};

use crate::consumer::Selector;
use crate::error;
use crate::stream::state::StreamState;

impl StreamState {
    /// Which stream it must be, which a server looks at first of all.
    pub(super) fn check_expected_stream(&self, expected: &Expectations) -> Result<()> {
        match &expected.stream {
            Some(stream) if stream != self.name() => Err(error::another_stream_expected(self.name(), stream)),
            _ => Ok(()),
        }
    }

    /// Which sequences the last messages must have: first that of the subject, then that of the stream (measured on
    /// nats-server 2.15.1).
    pub(super) fn check_expected_sequences(&self, expected: &Expectations, subject: &Subject) -> Result<()> {
        if let Some(sequence) = expected.last_subject_sequence {
            self.check_subject_sequence(expected, subject, sequence)?;
        }
        match expected.last_sequence {
            Some(sequence) if sequence != self.messages.log().last() => {
                Err(error::wrong_last_sequence(self.name(), self.messages.log().last()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_subject_sequence(
        &self,
        expected: &Expectations,
        subject: &Subject,
        sequence: u64,
    ) -> Result<()> {
        let last = match &expected.last_subject_filter {
            None => self.messages.subjects().last_of(subject.as_str()),
            // The stream's end, where there is none if its newest message is gone (measured on 2.12.8 and 2.15.1).
            Some(filter) if filter.as_str() == ">" => {
                let end = self.messages.log().last();
                self.messages.log().get(end).map(|_| end)
            }
            Some(filter) => self.messages.last(&Selector::only(filter)),
        };
        let last = last.unwrap_or_default();
        if last == sequence { Ok(()) } else { Err(error::wrong_last_sequence(self.name(), last)) }
    }

    /// Which id the newest message must have. It stays the newest after it is removed (measured on nats-server 2.15.1).
    pub(super) fn check_expected_id(&self, expected: &Expectations) -> Result<()> {
        match &expected.last_id {
            Some(id) if self.last_id.as_ref() != Some(id) => {
                Err(error::wrong_last_id(self.name(), self.last_id.as_ref().map(MessageId::as_str)))
            }
            _ => Ok(()),
        }
    }
}
