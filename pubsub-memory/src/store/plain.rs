//! Publishing to whoever listens, and to the stream that takes the subject.

use bytes::Bytes;
use pubsub_core::{CoreMessage, Error, Headers, OutboundMessage, Receipt, ReplySubject, Result, Subject};
use serde::Serialize;

use super::{Hops, Store};
use crate::stream::{Plain, batch_headers};

/// Where a server sends the receipt of a publish to a stream. Here nobody listens to it.
const RECEIPT: &str = "_INBOX.memory.receipt";

impl Store {
    /// Publishes to whoever listens, and to the stream that takes the subject, if there is one. Returns how many these
    /// were. No lock may be held.
    pub(crate) fn publish_plain(&self, plain: Plain) -> usize {
        if Hops::so_far().are_too_many() {
            tracing::warn!(subject = %plain.subject, "streams republish to each other in a ring: a message ends here");
            return 0;
        }
        let heard = if self.listeners.is_any() { self.listeners.hand(&plain.heard()) } else { 0 };
        let stored = self.store_plain(plain);
        heard + usize::from(stored)
    }

    /// As a server, which answers whoever wants to know what became of it, and tells nobody else.
    fn store_plain(&self, plain: Plain) -> bool {
        let Some(stream) = self.route(&plain.subject) else {
            return false;
        };
        let Plain { subject, reply, headers, payload } = plain;
        let stored = stream.run_publish(|state, now, effects| {
            state.publish_received(subject, headers, payload, now, effects)
        });
        if let Some(reply) = reply {
            if let Some(answer) = receipt(stream.name().as_str(), &stored) {
                self.publish_answer(&reply, answer, Headers::new());
            }
        } else if let Err(error) = stored {
            tracing::debug!(%error, "a stream has not stored a plain message");
        }
        true
    }

    /// Publishes an answer to whoever waits for it.
    pub(crate) fn publish_answer(&self, to: &ReplySubject, payload: Bytes, headers: Headers) {
        match Subject::new(to.as_str()) {
            Ok(subject) => {
                self.publish_plain(Plain { subject, reply: None, headers, payload });
            }
            // An inbox: no stream takes it.
            Err(_) => {
                self.listeners.hand(&CoreMessage::new(to.as_str().into(), None, headers, payload));
            }
        }
    }

    /// Lets those who listen to plain messages hear of a publish to a stream.
    pub(crate) fn overhear(&self, message: &OutboundMessage) {
        if self.listeners.is_any() {
            self.listeners.hand(&overheard(message, &[]));
        }
    }

    /// The same of a batch, which they hear message by message.
    pub(crate) fn overhear_batch(&self, messages: &[OutboundMessage], batch: &str) {
        if self.listeners.is_any() {
            for (number, message) in (1_usize..).zip(messages) {
                self.listeners.hand(&overheard(message, &batch_headers(batch, number, messages.len())));
            }
        }
    }
}

impl Plain {
    /// A client's message, with what it says to a broker among its headers, as on the wire.
    pub(crate) fn of(message: &OutboundMessage, reply: Option<ReplySubject>) -> Self {
        let mut headers = message.headers.clone();
        if let Some(id) = &message.id {
            // All were checked when they were made.
            let _ = headers.append_received("Nats-Msg-Id", id.as_str());
        }
        for (name, value) in message.instruction_headers() {
            let _ = headers.append_received(name, &value);
        }
        Self { subject: message.subject.clone(), reply, headers, payload: message.payload.clone() }
    }

    pub(crate) fn heard(&self) -> CoreMessage {
        let subject = self.subject.clone().into();
        CoreMessage::new(subject, self.reply.clone(), self.headers.clone(), self.payload.clone())
    }
}

fn overheard(message: &OutboundMessage, lines: &[(&str, String)]) -> CoreMessage {
    let mut plain = Plain::of(message, ReplySubject::from_static(RECEIPT).ok());
    for (name, value) in lines {
        let _ = plain.headers.append_received(name, value);
    }
    plain.heard()
}

/// A receipt as a server answers a request to a stream's subject.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refusal<'a>>,
    stream: &'a str,
    seq: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

#[derive(Serialize)]
struct Refusal<'a> {
    code: u16,
    err_code: u16,
    description: &'a str,
}

fn receipt(stream: &str, outcome: &Result<Receipt, Error>) -> Option<Bytes> {
    let answer = match outcome {
        Ok(receipt) => Answer {
            error: None,
            stream,
            seq: receipt.sequence.unwrap_or_default(),
            duplicate: receipt.duplicate == Some(true),
        },
        Err(error) => {
            let err_code = error.broker_code().unwrap_or_default();
            let code = if err_code == 10077 { 503 } else { 400 };
            let refusal = Refusal { code, err_code, description: error.message() };
            Answer { error: Some(refusal), stream, seq: 0, duplicate: false }
        }
    };
    serde_json::to_vec(&answer).ok().map(Bytes::from)
}
