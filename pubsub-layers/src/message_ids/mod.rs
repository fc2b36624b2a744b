//! Message ids by rule: [`MessageIds`].

mod template;

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use pubsub_core::{Capabilities, Error, Layer, MessageId, OutboundMessage, Publisher, Result};

use crate::around::{PublisherAround, Rewrite, Rewriting};
use template::Template;

type Rule = dyn Fn(&OutboundMessage) -> Result<Option<MessageId>> + Send + Sync;

/// A layer that gives each message an id by a rule, so that what is published again by mistake is stored once within the stream's
/// duplicate window. A message that has an id keeps it.
///
/// **Place**: outermost but for [`Audit`](crate::Audit), [`Metrics`](crate::Metrics) and [`Tracing`](crate::Tracing): outside of
/// [`Compression`](crate::Compression), so that it sees the content, and of [`Retry`](crate::Retry), so that all attempts have one id.
///
/// ```
/// use pubsub_core::OutboundMessage;
/// use pubsub_layers::MessageIds;
///
/// let ids = MessageIds::from_template("{subject}-{json:ride_id}-{json:at}")?;
/// let message = OutboundMessage::new("ride.pickup", r#"{"ride_id":"r-17","at":1767225600}"#)?;
/// assert_eq!(ids.id_of(&message)?.map(|id| id.to_string()), Some("ride.pickup-r-17-1767225600".to_owned()));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Clone)]
pub struct MessageIds {
    rule: Arc<Rule>,
    lax: bool,
}

impl MessageIds {
    /// Ids by a function of yours; `None` for a message that is to have none. An error refuses the message.
    #[must_use]
    pub fn by(rule: impl Fn(&OutboundMessage) -> Result<Option<MessageId>> + Send + Sync + 'static) -> Self {
        Self { rule: Arc::new(rule), lax: false }
    }

    /// Ids made of parts of the message, such as `{event-type}-{entity-id}-{timestamp}` of three headers. In braces:
    ///
    /// | part | what it stands for |
    /// |---|---|
    /// | `subject` | the whole subject |
    /// | `token:1` | one token of the subject, counted from 0 |
    /// | `header:NAME`, or `NAME` alone | the first value of a header |
    /// | `json:a.b` | a string, number or boolean in the JSON of the payload, by its path |
    ///
    /// A message in which a part is missing is refused, unless [`or_without`](Self::or_without).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config) for a template that cannot be read, or has no part.
    pub fn from_template(template: &str) -> Result<Self> {
        let template = Template::parse(template)?;
        Ok(Self::by(move |message| template.fill(message).map(Some)))
    }

    /// Ids made of the content: SHA-256 of subject, headers and payload. Two messages that are the same in all are one, also if
    /// both are meant: put a time, or a number, into those.
    #[cfg(feature = "content-ids")]
    #[must_use]
    pub fn of_content() -> Self {
        Self::by(|message| content_id(message).map(Some))
    }

    /// Publishes a message for which the rule makes no id without one, and says so in the log.
    #[must_use]
    pub fn or_without(mut self) -> Self {
        self.lax = true;
        self
    }

    /// The id that a message gets.
    ///
    /// # Errors
    /// Those of the rule: `InvalidInput` for a part that is missing.
    pub fn id_of(&self, message: &OutboundMessage) -> Result<Option<MessageId>> {
        if message.id.is_some() {
            return Ok(message.id.clone());
        }
        match (self.rule)(message) {
            Err(error) if self.lax => {
                tracing::warn!(%error, "no message id could be made; the message is published without");
                Ok(None)
            }
            made => made.map_err(|error| error.with_context("subject", &message.subject)),
        }
    }
}

/// Each part with its length before it, so that no two messages are the same text.
#[cfg(feature = "content-ids")]
fn content_id(message: &OutboundMessage) -> Result<MessageId> {
    use std::fmt::Write as _;

    use sha2::{Digest as _, Sha256};

    let mut hasher = Sha256::new();
    let mut feed = |part: &[u8]| {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    feed(message.subject.as_str().as_bytes());
    let instructions = message.instruction_headers();
    let told = instructions.iter().map(|(name, value)| (*name, value.as_ref()));
    let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in headers.chain(told) {
        feed(name.as_bytes());
        feed(value.as_bytes());
    }
    feed(&message.payload);
    let id = hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    MessageId::new(id)
}

impl Debug for MessageIds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageIds").field("lax", &self.lax).finish_non_exhaustive()
    }
}

impl Rewrite for MessageIds {
    fn rewrite(&self, mut message: OutboundMessage, _: Capabilities) -> Result<OutboundMessage> {
        message.id = self.id_of(&message)?;
        Ok(message)
    }
}

impl Layer for MessageIds {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, Rewriting(self.clone()))
    }
}

/// A part of a template that is not in the message. It names the part, never a value.
fn missing(part: &str) -> Error {
    Error::invalid_input("message_id", format!("the message has no `{part}`, of which its id is to be made"))
        .with_remedy("add it, give the message an id, or let the rule be `or_without`")
}
