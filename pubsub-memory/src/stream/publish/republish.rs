//! Publishing again what was stored, to plain subscribers (ADR-28).

use bytes::Bytes;
use pubsub_core::{Headers, Republish, Result, StreamName, Subject, SubjectMapping};

use crate::stream::effects::Plain;
use crate::stream::state::StreamState;
use crate::stream::stored::Stored;

/// A stream's `republish`, ready to be applied.
#[derive(Debug)]
pub(in crate::stream) struct Republisher {
    mapping: SubjectMapping,
    headers_only: bool,
}

impl Republisher {
    pub(in crate::stream) fn new(republish: &Republish) -> Result<Self> {
        Ok(Self { mapping: republish.subjects.prepare()?, headers_only: republish.headers_only })
    }
}

/// What is to be published again as soon as its sequence is known.
pub(super) struct Again {
    to: Subject,
    of: Subject,
    headers: Headers,
    payload: Bytes,
    size: Option<usize>,
    /// The last sequence of the subject before.
    last: u64,
    time: String,
}

impl StreamState {
    /// To what a message is published again, before it is stored.
    pub(super) fn republished(&self, message: &Stored) -> Option<Again> {
        let republisher = self.republisher.as_ref()?;
        let to = republisher.mapping.apply(message.subject.as_str())?;
        Some(Again {
            // As with a server, what makes no subject is not published again.
            to: Subject::new(to).ok()?,
            of: message.subject.clone(),
            headers: message.headers.clone(),
            payload: if republisher.headers_only { Bytes::new() } else { message.payload.clone() },
            size: republisher.headers_only.then_some(message.payload.len()),
            last: self.messages.subjects().last_of(message.subject.as_str()).unwrap_or_default(),
            time: self.clock.text(message.at),
        })
    }
}

impl Again {
    pub(super) fn finish(self, stream: &StreamName, sequence: u64) -> Plain {
        let Self { to, of, mut headers, payload, size, last, time } = self;
        let (sequence, last) = (sequence.to_string(), last.to_string());
        let size = size.map(|size| size.to_string());
        let lines = [
            ("Nats-Stream", Some(stream.as_str())),
            ("Nats-Subject", Some(of.as_str())),
            ("Nats-Sequence", Some(&*sequence)),
            ("Nats-Time-Stamp", Some(&*time)),
            ("Nats-Last-Sequence", Some(&*last)),
            ("Nats-Msg-Size", size.as_deref()),
        ];
        for (name, value) in lines {
            // Names, numbers and times are legal values.
            let _ = value.map(|value| headers.append_received(name, value));
        }
        Plain { subject: to, reply: None, headers, payload }
    }
}
