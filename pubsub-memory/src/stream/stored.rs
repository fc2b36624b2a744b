//! A message on its way into the log ([`Stored`]), in it ([`Kept`]), and on its way to readers ([`Handout`]).

use std::sync::Arc;

use bytes::Bytes;
use pubsub_core::{Headers, Subject};
use tokio::time::Instant;

use super::segment::Slot;

/// What a message costs besides its parts, as nats-server's memory storage counts it.
const OVERHEAD: u64 = 16;

static NO_HEADERS: Headers = Headers::new();

/// A message to be stored.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) subject: Subject,
    pub(crate) headers: Headers,
    pub(crate) payload: Bytes,
    pub(crate) at: Instant,
}

/// A stored message, where it lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) headers: &'a Headers,
    pub(crate) payload: &'a Bytes,
    pub(crate) at: Instant,
    slot: &'a Slot,
}

/// A stored message that a reader gets. It shares headers and payload with the log.
#[derive(Debug)]
pub(crate) struct Handout {
    pub(crate) subject: Subject,
    headers: Option<Arc<Headers>>,
    pub(crate) payload: Bytes,
    pub(crate) at: Instant,
}

impl Stored {
    /// The bytes that count against a stream's `max_bytes`.
    pub(crate) fn cost(&self) -> u64 {
        cost(&self.subject, &self.headers, &self.payload)
    }

    /// The bytes of headers and payload.
    pub(crate) fn size(&self) -> u64 {
        size(&self.headers, &self.payload)
    }
}

impl<'a> Kept<'a> {
    pub(super) fn new(slot: &'a Slot, subject: &'a Subject, at: Instant) -> Self {
        let headers = slot.headers.as_deref().unwrap_or(&NO_HEADERS);
        Self { subject, headers, payload: &slot.payload, at, slot }
    }

    /// As [`Stored::cost`].
    pub(crate) fn cost(&self) -> u64 {
        cost(self.subject, self.headers, self.payload)
    }

    /// The same without the payload.
    pub(crate) fn bare_cost(&self) -> u64 {
        cost(self.subject, self.headers, &Bytes::new())
    }

    /// Under interest retention: how many consumers have not settled it.
    pub(crate) fn holders(&self) -> u32 {
        self.slot.holders
    }

    pub(crate) fn hand_out(&self) -> Handout {
        Handout {
            subject: self.subject.clone(),
            headers: self.slot.headers.as_ref().map(Arc::clone),
            payload: self.payload.clone(),
            at: self.at,
        }
    }

    /// The message with its size, in the header `Nats-Msg-Size`, in place of its payload.
    pub(crate) fn without_payload(&self) -> Handout {
        let mut headers = self.headers.clone();
        // The name and a number: neither is ever refused.
        let _ = headers.append_received("Nats-Msg-Size", &self.payload.len().to_string());
        let (subject, headers) = (self.subject.clone(), Some(Arc::new(headers)));
        Handout { subject, headers, payload: Bytes::new(), at: self.at }
    }
}

impl Handout {
    pub(crate) fn headers(&self) -> &Headers {
        self.headers.as_deref().unwrap_or(&NO_HEADERS)
    }

    /// As [`Stored::cost`], of what is handed out.
    pub(crate) fn cost(&self) -> u64 {
        cost(&self.subject, self.headers(), &self.payload)
    }
}

/// As [`Stored::cost`].
pub(super) fn cost(subject: &Subject, headers: &Headers, payload: &Bytes) -> u64 {
    count(subject.as_str().len()) + size(headers, payload) + OVERHEAD
}

fn size(headers: &Headers, payload: &Bytes) -> u64 {
    let headers = if headers.is_empty() { 0 } else { headers.wire_len() };
    count(headers + payload.len())
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
