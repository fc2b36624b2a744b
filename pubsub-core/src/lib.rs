//! The vocabulary and the contracts of durable publish/subscribe: no network, no backend.
//!
//! An application is written against this crate (usually through the facade `pubsub-kit`) and runs on any backend
//! that passes the conformance suite. The rooms:
//!
//! | room | what is there |
//! |---|---|
//! | [`broker`] | [`Client`], what applications hold; [`Broker`], what backends implement; [`Registry`], from URL to broker |
//! | [`publish`] | [`Publisher`] and [`PublisherExt`]; [`PendingReceipt`] and [`Receipt`] |
//! | [`consume`] | [`Consumer`]; [`FetchOptions`], [`SubscribeOptions`] |
//! | [`read`] | [`StreamReader`]: a stream in order, without acknowledgements; [`ReadOptions`] |
//! | [`schedules`] | [`Schedules`]: messages for later, moved and called off |
//! | [`message`] | [`OutboundMessage`]; [`Message`], [`Delivery`] and [`Settlement`] |
//! | [`core_messaging`] | [`CoreMessaging`]: plain publish, subscribe and request, without a stream |
//! | [`admin`] | [`StreamAdmin`]; the configuration of streams and consumers; provisioning |
//! | [`layer`] | [`Layer`], and the layers that come with the core |
//! | [`worker`] | [`Worker`](worker::Worker) and [`Router`](worker::Router): functions that handle messages |
//! | [`subject`], [`name`], [`headers`] | values that cannot hold what a broker would refuse or misread |
//! | [`capabilities`], [`error`], [`config`], [`counters`] | what a backend can do, what went wrong, units and URLs, losses |
//!
//! # Words
//! A *stream* stores messages; a *subject* names one; a *filter* matches subjects; a *consumer* is a (durable) cursor
//! over a stream; a *delivery* is one attempt to hand a message over; to *settle* it is to *ack*, *nak* or *term*; to
//! *extend* it buys one more ack wait; a *receipt* is the broker's confirmation of a publish; to *abandon* is to drop
//! a delivery unsettled.

pub mod admin;
mod advisory;
pub mod broker;
pub mod capabilities;
pub mod config;
pub mod consume;
pub mod core_messaging;
pub mod counters;
pub mod error;
pub mod headers;
pub mod layer;
pub mod message;
mod message_id;
pub mod name;
pub mod publish;
pub mod read;
pub mod schedules;
pub mod subject;
mod text;
pub mod worker;

pub use admin::{
    AccountInfo, AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy, Difference, Discard,
    MessageSelector, PriorityGroup, PriorityPolicy, Provision, Purge, ReplayPolicy, Republish, Retention,
    SequencePair, Storage, StoredMessage, StreamAdmin, StreamConfig, StreamInfo,
};
pub use advisory::{Advisory, MaxDeliver, Pinned, Terminated, Unpinned};
pub use broker::{Broker, Client, Connector, Health, HealthState, Registry};
pub use capabilities::{Capabilities, Capability};
pub use config::{ConnectUrl, Limit};
pub use consume::{Consumer, FetchOptions, PullPriority, SubscribeOptions};
pub use core_messaging::{CoreMessage, CoreMessaging, CoreSubscribeOptions, GroupName, RequestManyOptions};
pub use error::{Error, ErrorKind, Result, Retry};
pub use headers::{HeaderName, HeaderValue, Headers, HeadersIter};
pub use layer::{Layer, OnPublish, PublishEvent, SubjectPrefix};
pub use message::{
    Delivery, DeliveryInfo, Expectations, Message, OnDrop, OutboundMessage, Rollup, Schedule, ScheduleTime,
    Settlement, SettlementKind, TimeToLive,
};
pub use message_id::MessageId;
pub use name::{ConsumerName, StreamName};
pub use publish::{
    BatchReceipt, Confirm, PendingReceipt, PublishOptions, Publisher, PublisherExt, Receipt, ReceiptSender,
};
pub use read::{ReadOptions, StreamReader};
pub use schedules::Schedules;
pub use subject::{ReplySubject, Subject, SubjectFilter, SubjectMapping, SubjectTransform};
