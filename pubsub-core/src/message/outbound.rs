//! What is published: [`OutboundMessage`].

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use serde::Serialize;

use super::instructions::Instructions;
use super::{Expectations, Rollup, Schedule, TimeToLive};
use crate::admin::StoredMessage;
use crate::headers::{HeaderName, HeaderValue, Headers};
use crate::{Capabilities, Error, ErrorKind, MessageId, Result, Subject, SubjectFilter};

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
    /// `None` for nearly every message.
    instructions: Option<Box<Instructions>>,
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
        Ok(Self { subject, payload: payload.into(), headers: Headers::new(), id: None, instructions: None })
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

    /// Sets what must be true of the stream for the message to be stored.
    #[must_use]
    pub fn with_expectations(mut self, expectations: Expectations) -> Self {
        self.instruct().expectations = Some(expectations);
        self
    }

    /// Sets how long the message lives.
    #[must_use]
    pub fn with_ttl(mut self, ttl: impl Into<TimeToLive>) -> Self {
        self.instruct().ttl = Some(ttl.into());
        self
    }

    /// Makes the message a schedule: the broker publishes it later, to the schedule's target.
    #[must_use]
    pub fn with_schedule(mut self, schedule: Schedule) -> Self {
        self.instruct().schedule = Some(schedule);
        self
    }

    /// Makes the message replace what was there before.
    #[must_use]
    pub fn with_rollup(mut self, rollup: Rollup) -> Self {
        self.instruct().rollup = Some(rollup);
        self
    }

    /// What must be true of the stream for the message to be stored.
    #[must_use]
    pub fn expectations(&self) -> Option<&Expectations> {
        self.instructions.as_ref()?.expectations.as_ref()
    }

    /// How long the message lives, if not as long as its stream says.
    #[must_use]
    pub fn ttl(&self) -> Option<TimeToLive> {
        self.instructions.as_ref()?.ttl
    }

    /// When the broker publishes the message itself.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.instructions.as_ref()?.schedule.as_ref()
    }

    /// What the message replaces.
    #[must_use]
    pub fn rollup(&self) -> Option<Rollup> {
        self.instructions.as_ref()?.rollup
    }

    /// Whether the broker is told nothing but subject, headers, id and payload. For backends, which keep the rare rest
    /// off their fast path.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.instructions.is_none()
    }

    /// For backends: what else the broker is told, as header lines of JetStream's (`Nats-TTL` and so on), without the
    /// message id. They are stored with the message, and a consumer sees them.
    #[must_use]
    pub fn instruction_headers(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        self.instructions.as_ref().map(|instructions| instructions.headers()).unwrap_or_default()
    }

    /// For layers: replaces the subject and every subject that the instructions speak of.
    ///
    /// # Errors
    /// Those of the functions; the message is gone then.
    pub(crate) fn map_subjects(
        mut self,
        on_subject: impl Fn(&Subject) -> Result<Subject>,
        on_filter: impl Fn(&SubjectFilter) -> Result<SubjectFilter>,
    ) -> Result<Self> {
        self.subject = on_subject(&self.subject)?;
        if let Some(instructions) = &mut self.instructions {
            instructions.map_subjects(on_subject, on_filter)?;
        }
        Ok(self)
    }

    fn instruct(&mut self) -> &mut Instructions {
        self.instructions.get_or_insert_default()
    }

    /// Checks what a backend must refuse before it sends anything: reserved headers, headers over the limit
    /// of the wire, an id or an instruction without its capability, a message larger than the backend takes. For backends.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], [`ErrorKind::Unsupported`] or [`ErrorKind::PayloadTooLarge`], with the subject.
    pub fn check(&self, capabilities: Capabilities) -> Result<()> {
        self.find_fault(capabilities).map_err(|error| error.with_context("subject", &self.subject))
    }

    /// For backends that keep their messages themselves: the message as a stream stores it, under this sequence. The id
    /// and the [instructions](Self::instruction_headers) are not among its headers; a backend that has them puts them there.
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
        if let Some(instructions) = &self.instructions {
            instructions.find_fault(&self.subject, capabilities)?;
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

    /// The bytes that headers, id and instructions take on the wire; 0 without any.
    fn header_len(&self) -> usize {
        if self.headers.is_empty() && self.id.is_none() && self.instructions.is_none() {
            return 0;
        }
        const ID: &str = "Nats-Msg-Id";
        let line = |name: &str, value: &str| name.len() + value.len() + ": \r\n".len();
        let id = self.id.as_ref().map_or(0, |id| line(ID, id.as_str()));
        let instructions = self.instruction_headers();
        self.headers.wire_len()
            + id
            + instructions.iter().map(|(name, value)| line(name, value)).sum::<usize>()
    }
}

impl std::fmt::Debug for OutboundMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboundMessage")
            .field("subject", &self.subject.as_str())
            .field("payload_bytes", &self.payload.len())
            .field("headers", &self.headers)
            .field("id", &self.id)
            .field("instructions", &self.instructions)
            .finish()
    }
}
