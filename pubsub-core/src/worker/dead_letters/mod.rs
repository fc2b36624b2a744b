//! Where messages go that are given up: [`DeadLetters`]; what is done with them: [`DeadLetterStore`].

mod copies;
mod letter;
mod store;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, UNIX_EPOCH};

pub use letter::DeadLetter;
pub use store::{DeadLetterStore, Redriven};

use crate::admin::StreamConfig;
use crate::message::{DeliveryInfo, Message};
use crate::name::{ConsumerName, StreamName};
use crate::subject::{Subject, SubjectFilter};
use crate::{Error, Limit, MessageId, Result};

/// Where messages go that are given up: rejected by their handler, unreadable, or out of attempts.
///
/// The copy has the payload and the headers of the original, and tells in headers of its own why it is there
/// ([`REASON`](Self::REASON) and so on). Its subject is `<first subject of the stream>.<stream>.<consumer>` of the original.
/// It is stored under an id that is made of the original, and the original is ended only when the broker has confirmed the
/// copy: a failure in between leaves it where it was, and it is tried again.
///
/// A copy that is too large for the broker, or for the stream that keeps it, is kept without the original's headers. If that is not
/// enough, and the original stays in its stream when it is ended (retention by limits), it is kept without the payload:
/// [`DeadLetterStore`] then takes both from there. Otherwise the original is held until the limit is raised.
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

    /// The header of a copy that lacks something, with what it lacks: `headers`, or `headers and payload`.
    pub const TRUNCATED: &'static str = "Dead-Letter-Truncated";

    /// The header of a message that was published again from the dead letters, with the stream, the consumer that had given it up
    /// and the subject, as in `RIDE/billing/ride.r-17.completed`: workers of other consumers of that stream acknowledge a message
    /// of this subject without handling it. Whoever may publish to a subject may therefore hide what he publishes from workers, as
    /// he may not publish it. What handlers return is published without it.
    pub const REDRIVEN_FOR: &'static str = "Redriven-For";

    /// Those above that a copy has and its original has not.
    const OWN: [&'static str; 9] = [
        Self::REASON,
        Self::ATTEMPTS,
        Self::STREAM,
        Self::CONSUMER,
        Self::SUBJECT,
        Self::SEQUENCE,
        Self::PUBLISHED_AT,
        Self::MESSAGE_ID,
        Self::TRUNCATED,
    ];

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

    /// What [`REDRIVEN_FOR`](Self::REDRIVEN_FOR) says: whose message it is, and which one, so that a header that somebody copied to
    /// another message means nothing there.
    fn redriven_for(stream: &StreamName, consumer: &ConsumerName, subject: &str) -> String {
        format!("{stream}/{consumer}/{subject}")
    }

    /// Whether a message was redriven for another consumer of its stream.
    pub(super) fn is_for_another(message: &dyn Message) -> bool {
        let Some(meant) = message.headers().get(Self::REDRIVEN_FOR) else { return false };
        let (info, mut parts) = (message.info(), meant.splitn(3, '/'));
        let (stream, consumer, subject) = (parts.next(), parts.next(), parts.next());
        stream == Some(info.stream.as_str())
            && subject == Some(message.subject())
            && consumer != Some(info.consumer.as_str())
    }

    /// Refuses letters that a consumer with these filters would get itself, and give up again.
    pub(super) fn must_not_return_to(&self, stream: &StreamName, filters: &[SubjectFilter]) -> Result<()> {
        let letters = SubjectFilter::new(format!("{}.{stream}.*", self.root))?;
        if self.stream.name != *stream || !filters.iter().any(|filter| filter.overlaps(&letters)) {
            return Ok(());
        }
        Err(Error::config("dead_letters", "the consumer would get its own dead letters")
            .with_context("stream", stream)
            .with_context("letters", letters)
            .with_remedy("keep them in a stream of their own"))
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
