//! Where messages go that are given up: [`DeadLetters`]; what is done with them: [`DeadLetterStore`].

mod letter;
mod store;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, UNIX_EPOCH};

pub use letter::DeadLetter;
pub use store::{DeadLetterStore, Redriven};

use super::Failure;
use crate::admin::StreamConfig;
use crate::config::timestamp;
use crate::message::{DeliveryInfo, Message, OutboundMessage};
use crate::subject::Subject;
use crate::{Error, Headers, Limit, MessageId, Result};

/// Where messages go that are given up: rejected by their handler, unreadable, or out of attempts.
///
/// The copy has the payload and the headers of the original, and tells in headers of its own why it is there
/// ([`REASON`](Self::REASON) and so on). Its subject is `<first subject of the stream>.<stream>.<consumer>` of the original.
/// It is stored under an id that is made of the original, and the original is ended only when the broker has confirmed the
/// copy: a failure in between leaves it where it was, and it is tried again.
///
/// ```
/// use pubsub_core::worker::DeadLetters;
///
/// let dead_letters = DeadLetters::in_stream("DEAD_LETTERS")?; // over dead_letters.>, for 30 days
/// assert_eq!(dead_letters.stream().subjects[0], "dead_letters.>");
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DeadLetters {
    stream: StreamConfig,
    root: Subject,
}

impl DeadLetters {
    /// The header with the reason, in one line, every cause included.
    pub const REASON: &'static str = "Dead-Letter-Reason";
    /// The header with the number of attempts.
    pub const ATTEMPTS: &'static str = "Dead-Letter-Attempts";
    /// The header with the stream of the original.
    pub const STREAM: &'static str = "Dead-Letter-Stream";
    /// The header with the consumer that gave it up.
    pub const CONSUMER: &'static str = "Dead-Letter-Consumer";
    /// The header with the subject of the original.
    pub const SUBJECT: &'static str = "Dead-Letter-Subject";
    /// The header with the sequence of the original in its stream.
    pub const SEQUENCE: &'static str = "Dead-Letter-Sequence";
    /// The header with the time when the original was stored, RFC 3339 in UTC.
    pub const PUBLISHED_AT: &'static str = "Dead-Letter-Published-At";
    /// The header with the message id of the original, if it had one.
    pub const MESSAGE_ID: &'static str = "Dead-Letter-Message-Id";

    /// The header of a message that was published again from the dead letters, with the consumer that had given it up:
    /// workers of other consumers acknowledge it without handling it.
    pub const REDRIVEN_FOR: &'static str = "Redriven-For";

    /// Those above that a copy has and its original has not.
    const OWN: [&'static str; 8] = [
        Self::REASON,
        Self::ATTEMPTS,
        Self::STREAM,
        Self::CONSUMER,
        Self::SUBJECT,
        Self::SEQUENCE,
        Self::PUBLISHED_AT,
        Self::MESSAGE_ID,
    ];

    /// The most bytes of a reason; what is longer is cut off.
    const MAX_REASON: usize = 2048;

    /// In a stream of this name, over the name in lower case and `.>`, which keeps them for 30 days, however many they are. It is made when the
    /// worker starts, unless it is there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name.
    pub fn in_stream(name: impl AsRef<str>) -> Result<Self> {
        const MONTH: Duration = Duration::from_secs(30 * 86_400);
        let name = name.as_ref();
        let config = StreamConfig::new(name, [format!("{}.>", name.to_lowercase())])?;
        Self::with_stream(
            config.with_max_age(MONTH).with_max_bytes(Limit::Unlimited).with_max_messages(Limit::Unlimited),
        )
    }

    /// In a stream of this configuration, whose first subject ends with `.>`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for a stream without such a subject.
    pub fn with_stream(stream: StreamConfig) -> Result<Self> {
        let root = stream.subjects.first().and_then(|subject| subject.as_str().strip_suffix(".>"));
        let root = root.and_then(|root| Subject::new(root).ok()).ok_or_else(|| {
            Error::config(
                "subjects",
                "the stream of the dead letters has no first subject that ends with `.>`",
            )
            .with_context("stream", &stream.name)
            .with_remedy("give it one, such as dead_letters.>")
        })?;
        Ok(Self { stream, root })
    }

    /// The stream that keeps them.
    #[must_use]
    pub fn stream(&self) -> &StreamConfig {
        &self.stream
    }

    /// Whether a message was redriven for another consumer of its stream.
    pub(super) fn is_for_another(message: &dyn Message) -> bool {
        let meant = message.headers().get(Self::REDRIVEN_FOR);
        meant.is_some_and(|consumer| consumer != message.info().consumer.as_str())
    }

    /// The copy of a message that is given up.
    pub(super) fn copy_of(
        &self,
        message: &dyn Message,
        attempts: u64,
        failure: &Failure,
        has_ids: bool,
    ) -> Result<OutboundMessage> {
        let info = message.info();
        let published = timestamp::format(info.published_at).unwrap_or_default();
        let mut headers = message.headers().clone().without_reserved();
        for (name, value) in [
            (Self::REASON, in_one_line(&failure.chain())),
            (Self::ATTEMPTS, attempts.to_string()),
            (Self::STREAM, info.stream.to_string()),
            (Self::CONSUMER, info.consumer.to_string()),
            (Self::SUBJECT, in_one_line(message.subject())),
            (Self::SEQUENCE, info.stream_sequence.to_string()),
            (Self::PUBLISHED_AT, published),
            (Self::MESSAGE_ID, message.headers().get("Nats-Msg-Id").unwrap_or_default().to_owned()),
        ] {
            headers.remove(name);
            if !value.is_empty() {
                headers.insert(name, value)?;
            }
        }
        let subject = Subject::new(format!("{}.{}.{}", self.root, info.stream, info.consumer))?;
        let copy = OutboundMessage::new(subject, message.payload().clone())?.with_headers(fitting(headers));
        if has_ids { copy.with_id(id_of(info, "dead-letter")?) } else { Ok(copy) }
    }
}

/// An id that is the same for every attempt at one message of one consumer, and for no other message: streams can be made
/// anew, so their sequences alone do not tell.
pub(super) fn id_of(info: &DeliveryInfo, what: &str) -> Result<MessageId> {
    let nanos = info.published_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let rest = format!("{}-{nanos:x}-{what}", info.stream_sequence);
    let named = format!("{}-{}-{rest}", info.stream, info.consumer);
    if named.len() <= MessageId::MAX_LEN {
        return MessageId::new(named);
    }
    let mut hasher = DefaultHasher::new();
    (&info.stream, &info.consumer).hash(&mut hasher);
    MessageId::new(format!("{:016x}-{rest}", hasher.finish()))
}

/// A reason as a header's value: without line ends, not too long, without blanks at its ends.
fn in_one_line(text: &str) -> String {
    let end = (0..=DeadLetters::MAX_REASON.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let (line, _) = text.split_at(end.unwrap_or(0));
    line.replace(char::is_control, " ").trim().to_owned()
}

/// The headers of the original may fill what a message may have; then they go, and those that tell why it is here stay.
fn fitting(headers: Headers) -> Headers {
    const ROOM_FOR_THE_ID: usize = 512;
    if headers.wire_len() + ROOM_FOR_THE_ID <= Headers::MAX_WIRE_LEN {
        return headers;
    }
    let mut own = Headers::new();
    for (name, value) in &headers {
        if name.as_str().starts_with("Dead-Letter-") {
            let kept = own.append(name.clone(), value.clone());
            debug_assert!(kept.is_ok(), "it was accepted before");
        }
    }
    own
}
