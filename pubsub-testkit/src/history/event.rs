//! What can happen in a case: [`Event`], [`What`].

use std::time::Duration;

use bytes::Bytes;
use pubsub_core::{
    ConsumerConfig, ConsumerName, Error, ErrorKind, FetchOptions, Headers, OutboundMessage, Purge, Receipt,
    SettlementKind, StreamConfig, StreamName,
};
use serde::{Deserialize, Serialize};

use super::counts::{ConsumerCounts, StreamCounts};
use super::saved::{message, words};
use crate::harness::{Clock, StoreFault};

/// Numbers of publishes, deliveries, asks (fetches and subscriptions), publishers and connections in one history.
pub(crate) type Number = usize;

/// Which consumer of which stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ConsumerKey {
    pub(crate) stream: StreamName,
    pub(crate) consumer: ConsumerName,
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    /// Logical time: the place in the history.
    pub(crate) order: usize,
    /// The time since the beginning of the case, on the clock that the case runs on.
    #[serde(with = "words::nanos")]
    pub(crate) at: Duration,
    pub(crate) what: What,
}

/// How a publish ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Published {
    Stored {
        stream: StreamName,
        sequence: Option<u64>,
    },
    Duplicate {
        stream: StreamName,
        sequence: Option<u64>,
    },
    /// Refused for certain.
    Rejected {
        #[serde(with = "words::kind")]
        kind: ErrorKind,
    },
    /// Failed, and stored or not.
    Unknown {
        #[serde(with = "words::kind")]
        kind: ErrorKind,
    },
    /// Handed over as a plain message: stored if a stream takes it.
    Unconfirmed,
}

impl From<&Result<Receipt, Error>> for Published {
    fn from(outcome: &Result<Receipt, Error>) -> Self {
        match outcome {
            Ok(receipt) => {
                let (stream, sequence) = (receipt.stream.clone(), receipt.sequence);
                if receipt.is_duplicate() {
                    Self::Duplicate { stream, sequence }
                } else {
                    Self::Stored { stream, sequence }
                }
            }
            Err(error) if error.is_effect_unknown() => Self::Unknown { kind: error.kind() },
            Err(error) => Self::Rejected { kind: error.kind() },
        }
    }
}

/// A message as it was delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Received {
    pub(crate) subject: String,
    #[serde(with = "words::payload")]
    pub(crate) payload: Bytes,
    #[serde(with = "words::headers")]
    pub(crate) headers: Headers,
    pub(crate) stream_sequence: u64,
    pub(crate) attempt: u64,
}

/// What happened. A call is two events, so that others can lie between its beginning and its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    PublishCalled {
        publish: Number,
        publisher: Number,
        #[serde(with = "message")]
        message: Box<OutboundMessage>,
        /// How far ahead its schedule is, if that is a point in time.
        #[serde(with = "words::nanos::option")]
        due_in: Option<Duration>,
        /// Whether the backend may give it a message id, to try it again.
        may_retry: bool,
    },
    /// `publish_with` has returned; the receipt is outstanding.
    PublishAccepted {
        publish: Number,
    },
    PublishEnded {
        publish: Number,
        outcome: Published,
    },

    ConsumerCreated {
        key: ConsumerKey,
        config: Box<ConsumerConfig>,
    },
    ConsumerDeleted {
        key: ConsumerKey,
    },
    /// From now on it delivers as a new one, from this sequence or (`None`) from its ack floor.
    ConsumerReset {
        key: ConsumerKey,
        config: Box<ConsumerConfig>,
        sequence: Option<u64>,
    },
    /// It delivers nothing for so long.
    ConsumerPaused {
        key: ConsumerKey,
        #[serde(with = "words::nanos")]
        pause: Duration,
    },
    ResumeCalled {
        key: ConsumerKey,
    },
    StreamCreated {
        config: Box<StreamConfig>,
    },
    StreamDeleted {
        stream: StreamName,
    },
    /// A purge or the deletion of a message has begun.
    RemovalCalled {
        call: Number,
    },
    Purged {
        call: Number,
        stream: StreamName,
        #[serde(with = "words::purge")]
        purge: Box<Purge>,
        purged: u64,
    },
    MessageDeleted {
        call: Number,
        stream: StreamName,
        sequence: u64,
    },
    RemovalFailed {
        call: Number,
    },

    /// A fetch or a subscription has begun. `options` is `None` for a subscription.
    Asked {
        ask: Number,
        key: ConsumerKey,
        connection: Number,
        options: Option<FetchOptions>,
    },
    /// A fetch has returned so many messages.
    Answered {
        ask: Number,
        #[serde(with = "words::outcome")]
        outcome: Result<usize, ErrorKind>,
    },
    /// A fetch was dropped before it returned, or a subscription was dropped or has ended: messages may have been on
    /// their way to it.
    AskDropped {
        ask: Number,
    },
    Delivered {
        delivery: Number,
        ask: Number,
        message: Received,
    },

    SettleCalled {
        delivery: Number,
        #[serde(with = "words::settlement")]
        kind: SettlementKind,
        confirmed: bool,
    },
    SettleEnded {
        delivery: Number,
        #[serde(with = "words::outcome")]
        outcome: Result<(), ErrorKind>,
    },
    ExtendCalled {
        delivery: Number,
    },
    ExtendEnded {
        delivery: Number,
        #[serde(with = "words::outcome")]
        outcome: Result<(), ErrorKind>,
    },
    /// Dropped unsettled.
    Abandoned {
        delivery: Number,
    },
    HandedBack {
        delivery: Number,
    },

    /// Somebody listens to plain messages.
    Listening {
        listener: Number,
        group: Option<String>,
    },
    /// A plain message came to a listener.
    Heard {
        listener: Number,
        subject: String,
        #[serde(with = "words::payload")]
        payload: Bytes,
        #[serde(with = "words::headers")]
        headers: Headers,
    },

    /// The model of stream and consumer can follow what comes: one stream, fetches, and no limits but those it knows.
    Modelled {
        clock: Clock,
    },
    /// Something happens to the store, or on the way to it.
    Faulted {
        fault: StoreFault,
    },
    /// What happened to it is over.
    Healed,

    Connected {
        connection: Number,
    },
    CloseCalled {
        connection: Number,
    },
    CloseEnded {
        connection: Number,
    },
    /// The case says that this consumer has had every message that was stored until now.
    Drained {
        key: ConsumerKey,
    },
    /// The counters of a consumer or a stream are asked for.
    LookCalled {
        look: Number,
    },
    ConsumerSeen {
        look: Number,
        key: ConsumerKey,
        counts: ConsumerCounts,
    },
    StreamSeen {
        look: Number,
        stream: StreamName,
        counts: StreamCounts,
    },
}
