//! What a broker tells of messages that were given up: [`Advisory`].

use serde::{Deserialize, Serialize};

use crate::name::{ConsumerName, StreamName};
use crate::{Error, ErrorKind, Result};

/// What a broker tells of a message that a consumer will not deliver again. Capability `advisories`.
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
    /// The filters of the subjects that advisories are published to, for every stream and consumer.
    pub const FILTERS: [&'static str; 2] =
        ["$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>", "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>"];

    /// For backends: the subject that it is published to.
    #[must_use]
    pub fn subject(&self) -> String {
        let (what, stream, consumer) = match self {
            Self::MaxDeliver(it) => ("MAX_DELIVERIES", &it.stream, &it.consumer),
            Self::Terminated(it) => ("MSG_TERMINATED", &it.stream, &it.consumer),
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
        match &*kind.name {
            MaxDeliver::TYPE => {
                serde_json::from_slice(payload).map(Self::MaxDeliver).map(Some).map_err(codec)
            }
            Terminated::TYPE => {
                serde_json::from_slice(payload).map(Self::Terminated).map(Some).map_err(codec)
            }
            _ => Ok(None),
        }
    }
}
