//! A message that was given up, as it is kept: [`DeadLetter`].

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::DeadLetters;
use super::copies::HEADERS_AND_PAYLOAD;
use crate::admin::StoredMessage;
use crate::config::timestamp;
use crate::message::OutboundMessage;
use crate::name::{ConsumerName, StreamName};
use crate::{Error, ErrorKind, Headers, Result};

/// A message that was given up, as it is kept. `Debug` does not show its payload.
#[derive(Clone)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its sequence among the dead letters.
    pub sequence: u64,
    /// When it was kept.
    pub kept_at: SystemTime,
    /// Why it was given up, every cause included.
    pub reason: String,
    /// After how many attempts.
    pub attempts: u64,
    /// The stream of the original.
    pub stream: StreamName,
    /// The consumer that gave it up.
    pub consumer: ConsumerName,
    /// The subject of the original.
    pub subject: String,
    /// The sequence of the original in its stream.
    pub origin_sequence: u64,
    /// When the original was stored.
    pub published_at: Option<SystemTime>,
    /// The id that the original was published with.
    pub message_id: Option<String>,
    /// The headers of the original.
    pub headers: Headers,
    /// The payload of the original.
    pub payload: Bytes,
    /// Whether the original was too large for a letter, so that its headers, or its payload too, were left out. A redrive takes
    /// them from its stream.
    pub is_truncated: bool,
    pub(super) lacks_payload: bool,
}

impl DeadLetter {
    /// Reads what is kept.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for what is no dead letter, with the header that is
    /// missing or wrong.
    pub(super) fn read(stored: StoredMessage) -> Result<Self> {
        let StoredMessage { sequence, published_at: kept_at, headers, payload, .. } = stored;
        let missing = |header: &'static str| {
            Error::invalid_input("headers", "it is no dead letter: a header is missing or wrong")
                .with_context("header", header)
                .with_context("sequence", sequence)
        };
        let text = |header| headers.get(header).ok_or_else(|| missing(header));
        let number = |header| text(header)?.parse::<u64>().map_err(|_| missing(header));
        let letter = Self {
            sequence,
            kept_at,
            reason: headers.get(DeadLetters::REASON).unwrap_or_default().to_owned(),
            attempts: number(DeadLetters::ATTEMPTS)?,
            stream: StreamName::new(text(DeadLetters::STREAM)?).map_err(|_| missing(DeadLetters::STREAM))?,
            consumer: ConsumerName::new(text(DeadLetters::CONSUMER)?)
                .map_err(|_| missing(DeadLetters::CONSUMER))?,
            subject: text(DeadLetters::SUBJECT)?.to_owned(),
            origin_sequence: number(DeadLetters::SEQUENCE)?,
            published_at: headers.get(DeadLetters::PUBLISHED_AT).and_then(|time| timestamp::parse(time).ok()),
            message_id: headers.get(DeadLetters::MESSAGE_ID).map(str::to_owned),
            headers: Headers::new(),
            payload,
            is_truncated: headers.contains(DeadLetters::TRUNCATED),
            lacks_payload: headers.get(DeadLetters::TRUNCATED) == Some(HEADERS_AND_PAYLOAD),
        };
        let mut headers = headers.without_reserved();
        for header in DeadLetters::OWN {
            headers.remove(header);
        }
        headers.remove(DeadLetters::REDRIVEN_FOR);
        Ok(Self { headers, ..letter })
    }

    /// Whether a stored message is the original: streams can be made anew, with other messages under the same sequences.
    pub(super) fn is_copy_of(&self, stored: &StoredMessage) -> bool {
        let written = |time: SystemTime| timestamp::format(time);
        *self.subject == *stored.subject
            && self.published_at.is_none_or(|time| written(time) == written(stored.published_at))
    }

    /// Reads the payload as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Codec`], with the subject and the place of the fault; the payload itself is not shown.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.payload).map_err(|source| {
            Error::new(ErrorKind::Codec, "the payload of the dead letter is not the JSON that was expected")
                .with_context("subject", &self.subject)
                .with_context("sequence", self.sequence)
                .with_context("line", source.line())
                .with_context("column", source.column())
        })
    }

    /// The original once more, under its subject, with its headers and its payload. It is new to the stream: it has no id.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a subject that this library does not publish to.
    pub fn to_message(&self) -> Result<OutboundMessage> {
        let message = OutboundMessage::new(self.subject.clone(), self.payload.clone())?;
        Ok(message.with_headers(self.headers.clone()))
    }
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("sequence", &self.sequence)
            .field("reason", &self.reason)
            .field("attempts", &self.attempts)
            .field("stream", &self.stream)
            .field("consumer", &self.consumer)
            .field("subject", &self.subject)
            .field("origin_sequence", &self.origin_sequence)
            .field("headers", &self.headers)
            .field("payload_len", &self.payload.len())
            .field("is_truncated", &self.is_truncated)
            .finish_non_exhaustive()
    }
}
