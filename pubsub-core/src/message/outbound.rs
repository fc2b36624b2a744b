//! What is published: [`OutboundMessage`].

use std::time::SystemTime;

use bytes::Bytes;
use serde::Serialize;

use crate::admin::StoredMessage;
use crate::headers::{HeaderName, HeaderValue, Headers};
use crate::{Capabilities, Error, ErrorKind, MessageId, Result, Subject};

/// A message to publish: a subject, a payload, headers, and an id if the broker is to store it once.
///
/// ```
/// use pubsub_core::OutboundMessage;
///
/// let message = OutboundMessage::new("ride.pickup", r#"{"ride_id":"r-17"}"#)?
///     .with_id("pickup-r-17-1767225600")?
///     .with_header("correlation-id", "c-4711")?;
/// assert_eq!(message.subject.as_str(), "ride.pickup");
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboundMessage {
    /// Where it goes.
    pub subject: Subject,
    /// What it carries; may be empty.
    pub payload: Bytes,
    /// Its headers. Names that start with `Nats-` are reserved: a publish refuses them.
    pub headers: Headers,
    /// The id that makes the broker store it once within the stream's duplicate window.
    pub id: Option<MessageId>,
}

impl OutboundMessage {
    /// A message without headers and without an id.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the subject breaks the rules of [`Subject`].
    pub fn new<S>(subject: S, payload: impl Into<Bytes>) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        let subject = subject.try_into().map_err(Into::into)?;
        Ok(Self { subject, payload: payload.into(), headers: Headers::new(), id: None })
    }

    /// A message that carries `value` as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for the subject, [`ErrorKind::Codec`] if the value cannot be written as JSON.
    pub fn json<S>(subject: S, value: &(impl Serialize + ?Sized)) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        let mut message = Self::new(subject, Bytes::new())?;
        // What the serialiser says may quote the value, so it is not kept.
        message.payload = serde_json::to_vec(value).map(Bytes::from).map_err(|_| {
            Error::new(ErrorKind::Codec, "the value cannot be written as JSON")
                .with_context("subject", &message.subject)
                .with_remedy("give every map keys that are strings or numbers, and let `Serialize` not fail")
        })?;
        Ok(message)
    }

    /// Sets the id.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the id breaks the rules of [`MessageId`].
    pub fn with_id<I>(mut self, id: I) -> Result<Self>
    where
        I: TryInto<MessageId, Error: Into<Error>>,
    {
        self.id = Some(id.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Adds a header; one name may have several values, which keep their order.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the name or the value is illegal, or the name is reserved.
    pub fn with_header<N, V>(mut self, name: N, value: V) -> Result<Self>
    where
        N: TryInto<HeaderName, Error: Into<Error>>,
        V: TryInto<HeaderValue, Error: Into<Error>>,
    {
        self.headers.append(name, value)?;
        Ok(self)
    }

    /// Replaces all headers, as when a received message is published again. Take the reserved ones out first
    /// ([`Headers::without_reserved`]).
    #[must_use]
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// Checks what a backend must refuse before it sends anything: reserved headers, headers over the limit
    /// of the wire, a message id without the capability, a message larger than the backend takes. For backends.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], [`ErrorKind::Unsupported`] or [`ErrorKind::PayloadTooLarge`], with the subject.
    pub fn check(&self, capabilities: Capabilities) -> Result<()> {
        self.find_fault(capabilities).map_err(|error| error.with_context("subject", &self.subject))
    }

    /// For backends that keep their messages themselves: the message as a stream stores it, under this sequence. The id
    /// is not among its headers; a backend that stores ids puts it there.
    #[must_use]
    pub fn into_stored(self, sequence: u64, published_at: SystemTime) -> StoredMessage {
        StoredMessage::new(self.subject.into(), sequence, published_at, self.headers, self.payload)
    }

    fn find_fault(&self, capabilities: Capabilities) -> Result<()> {
        if let Some(name) = self.headers.reserved().next() {
            return Err(Error::invalid_input("headers", format!("the header `{name}` is reserved"))
                .with_remedy("use `with_id` for message ids, and `without_reserved` on received headers"));
        }
        if self.id.is_some() {
            capabilities.require(crate::Capability::MessageId)?;
        }
        let headers = self.header_len();
        if headers > Headers::MAX_WIRE_LEN {
            let limit = Headers::MAX_WIRE_LEN;
            return Err(Error::invalid_input(
                "headers",
                format!("headers of {headers} bytes are over the limit of {limit}"),
            )
            .with_remedy("move large values into the payload"));
        }
        capabilities.require_size(headers + self.payload.len())
    }

    /// The bytes that headers and id take on the wire; 0 without any.
    fn header_len(&self) -> usize {
        let Some(id) = &self.id else {
            return if self.headers.is_empty() { 0 } else { self.headers.wire_len() };
        };
        const ID_LINE: usize = "Nats-Msg-Id: \r\n".len();
        self.headers.wire_len() + ID_LINE + id.as_str().len()
    }
}

impl std::fmt::Debug for OutboundMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboundMessage")
            .field("subject", &self.subject.as_str())
            .field("payload_bytes", &self.payload.len())
            .field("headers", &self.headers)
            .field("id", &self.id)
            .finish()
    }
}
