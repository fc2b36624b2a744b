//! Streams and consumers: their configuration, their state, and the contract to administrate them.

mod account;
mod consumer;
mod difference;
mod ensure;
mod needs;
mod provision;
mod purge;
mod rules;
mod stored_message;
mod stream;
mod stream_admin;

pub use account::{AccountInfo, Usage};
pub use consumer::{
    AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy, PriorityGroup, PriorityPolicy, ReplayPolicy,
    SequencePair,
};
pub use difference::Difference;
pub use provision::Provision;
pub use purge::{Purge, PurgeExtent};
pub use stored_message::{MessageSelector, StoredMessage};
pub use stream::{Discard, Republish, Retention, Storage, StreamConfig, StreamInfo};
pub use stream_admin::StreamAdmin;
