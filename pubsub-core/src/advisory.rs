//! What a broker tells of messages that were given up, and of who is pinned: [`Advisory`].

use serde::{Deserialize, Serialize};

use crate::name::{ConsumerName, StreamName};
use crate::{Error, ErrorKind, Result};

/// What a broker tells of a message that a consumer will not deliver again, and of who gets all messages of a group that pins
/// one. Capability `advisories`.
///
/// It is published as a plain message, at most once, and carries no payload of the message: read that with
/// [`get_message`](crate::StreamAdmin::get_message), if the stream still has it. Listen with
/// [`CoreMessaging::subscribe`](crate::CoreMessaging::subscribe), or let a stream keep them that has one of these
/// filters as its subject:
///
/// ```
/// use pubsub_core::{Advisory, StreamConfig};
///
/// let config = StreamConfig::new("GIVEN_UP", Advisory::FILTERS)?;
/// config.validate()?;
///
/// let text = br#"{"type":"io.nats.jetstream.advisory.v1.max_deliver","stream":"RIDE","consumer":"users",
///     "stream_seq":7,"deliveries":3}"#;
/// let Some(Advisory::MaxDeliver(given_up)) = Advisory::parse(text)? else { return Ok(()) };
/// assert_eq!((given_up.stream.as_str(), given_up.stream_sequence), ("RIDE", 7));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advisory {
    /// The consumer's `max_deliver` was reached and the last attempt was not acknowledged.
    MaxDeliver(MaxDeliver),
    /// A delivery was ended with `term`; or the message left the stream while it was unsettled, with the reason
    /// [`REMOVED`](Terminated::REMOVED).
    Terminated(Terminated),
    /// One of a group with the policy [`Pinned`](crate::PriorityPolicy::Pinned) gets all messages from now on.
    Pinned(Pinned),
    /// It does so no longer.
    Unpinned(Unpinned),
}

/// A message reached its consumer's `max_deliver`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MaxDeliver {
    /// The stream that stores it.
    pub stream: StreamName,
    /// The consumer that gave it up.
    pub consumer: ConsumerName,
    /// Its sequence in the stream.
    #[serde(rename = "stream_seq")]
    pub stream_sequence: u64,
    /// How often it was delivered.
    pub deliveries: u64,
}

/// A message will not be delivered again because somebody said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Terminated {
    /// The stream that stores it.
    pub stream: StreamName,
    /// The consumer that gave it up.
    pub consumer: ConsumerName,
    /// The consumer's count of deliveries at the delivery that was ended.
    #[serde(rename = "consumer_seq")]
    pub consumer_sequence: u64,
    /// Its sequence in the stream.
    #[serde(rename = "stream_seq")]
    pub stream_sequence: u64,
    /// How often it was delivered.
    pub deliveries: u64,
    /// Why, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One member of a group was pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pinned {
    /// The stream of the consumer.
    pub stream: StreamName,
    /// The consumer that chooses.
    pub consumer: ConsumerName,
    /// The name of its group.
    pub group: String,
    /// By which the broker knows the pin: another one with each.
    #[serde(rename = "pinned_id")]
    pub pin: String,
}

/// The pin of a group has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unpinned {
    /// The stream of the consumer.
    pub stream: StreamName,
    /// The consumer that chooses.
    pub consumer: ConsumerName,
    /// The name of its group.
    pub group: String,
    /// Why: [`ADMIN`](Self::ADMIN) or [`TIMEOUT`](Self::TIMEOUT).
    pub reason: String,
}

impl Pinned {
    /// The value of `type` on the wire.
    pub const TYPE: &'static str = "io.nats.jetstream.advisory.v1.consumer_group_pinned";

    /// For backends.
    #[must_use]
    pub fn new(stream: StreamName, consumer: ConsumerName, group: String, pin: String) -> Self {
        Self { stream, consumer, group, pin }
    }
}

impl Unpinned {
    /// The value of `type` on the wire.
    pub const TYPE: &'static str = "io.nats.jetstream.advisory.v1.consumer_group_unpinned";
    /// It was ended by [`unpin_consumer`](crate::StreamAdmin::unpin_consumer).
    pub const ADMIN: &'static str = "admin";
    /// Whoever was pinned has not asked for longer than the pin lasts.
    pub const TIMEOUT: &'static str = "timeout";

    /// For backends.
    #[must_use]
    pub fn new(stream: StreamName, consumer: ConsumerName, group: String, reason: String) -> Self {
        Self { stream, consumer, group, reason }
    }
}

impl MaxDeliver {
    /// The value of `type` on the wire.
    pub const TYPE: &'static str = "io.nats.jetstream.advisory.v1.max_deliver";

    /// For backends.
    #[must_use]
    pub fn new(stream: StreamName, consumer: ConsumerName, stream_sequence: u64, deliveries: u64) -> Self {
        Self { stream, consumer, stream_sequence, deliveries }
    }
}

impl Terminated {
    /// The value of `type` on the wire.
    pub const TYPE: &'static str = "io.nats.jetstream.advisory.v1.terminated";

    /// The reason of a server when a message left the stream while it was unsettled (measured on nats-server 2.10.26
    /// and 2.15.1): nobody gave it up.
    pub const REMOVED: &'static str = "Unacknowledged message was deleted";

    /// For backends.
    #[must_use]
    pub fn new(
        stream: StreamName,
        consumer: ConsumerName,
        consumer_sequence: u64,
        stream_sequence: u64,
        deliveries: u64,
        reason: Option<String>,
    ) -> Self {
        Self { stream, consumer, consumer_sequence, stream_sequence, deliveries, reason }
    }
}

impl Advisory {
    /// The filters of the subjects that advisories of messages are published to, for every stream and consumer.
    pub const FILTERS: [&'static str; 2] =
        ["$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>", "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>"];

    /// The filters of the subjects that advisories of pins are published to, for every stream and consumer.
    pub const PINS: [&'static str; 2] =
        ["$JS.EVENT.ADVISORY.CONSUMER.PINNED.>", "$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.>"];

    /// The stream that it is about.
    #[must_use]
    pub fn stream(&self) -> &StreamName {
        match self {
            Self::MaxDeliver(it) => &it.stream,
            Self::Terminated(it) => &it.stream,
            Self::Pinned(it) => &it.stream,
            Self::Unpinned(it) => &it.stream,
        }
    }

    /// For backends: the subject that it is published to.
    #[must_use]
    pub fn subject(&self) -> String {
        let (what, stream, consumer) = match self {
            Self::MaxDeliver(it) => ("MAX_DELIVERIES", &it.stream, &it.consumer),
            Self::Terminated(it) => ("MSG_TERMINATED", &it.stream, &it.consumer),
            Self::Pinned(it) => ("PINNED", &it.stream, &it.consumer),
            Self::Unpinned(it) => ("UNPINNED", &it.stream, &it.consumer),
        };
        format!("$JS.EVENT.ADVISORY.CONSUMER.{what}.{stream}.{consumer}")
    }

    /// Reads the payload of an advisory. `None` for one of another type.
    ///
    /// # Errors
    /// [`ErrorKind::Codec`] for what is no advisory.
    pub fn parse(payload: &[u8]) -> Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Type<'a> {
            #[serde(rename = "type", borrow)]
            name: std::borrow::Cow<'a, str>,
        }
        let codec = |_| Error::new(ErrorKind::Codec, "the payload is no advisory");
        let kind: Type<'_> = serde_json::from_slice(payload).map_err(codec)?;
        let advisory = match &*kind.name {
            MaxDeliver::TYPE => serde_json::from_slice(payload).map(Self::MaxDeliver),
            Terminated::TYPE => serde_json::from_slice(payload).map(Self::Terminated),
            Pinned::TYPE => serde_json::from_slice(payload).map(Self::Pinned),
            Unpinned::TYPE => serde_json::from_slice(payload).map(Self::Unpinned),
            _ => return Ok(None),
        };
        advisory.map(Some).map_err(codec)
    }
}
