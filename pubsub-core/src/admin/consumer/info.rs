//! Where a consumer stands: [`ConsumerInfo`].

use std::time::SystemTime;

use super::ConsumerConfig;
use crate::name::{ConsumerName, StreamName};

/// A consumer's configuration and counters, at the moment when the broker was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerInfo {
    /// The stream that it reads.
    pub stream: StreamName,
    /// Its name; for an ephemeral consumer, perhaps the broker's choice.
    pub name: ConsumerName,
    /// Its configuration, as the broker has it.
    pub config: ConsumerConfig,
    /// When it was created.
    pub created: SystemTime,
    /// The last delivery.
    pub delivered: SequencePair,
    /// The last delivery below which everything is settled. Versions of nats-server differ in it for a fresh consumer
    /// and after an exhausted message: do not compare it between backends.
    pub ack_floor: SequencePair,
    /// How many messages are delivered and not settled. One that waits for its redelivery counts.
    pub ack_pending: u64,
    /// How many of those were delivered more than once.
    pub redelivered: u64,
    /// How many messages that it will see were never delivered yet.
    pub pending: u64,
    /// How many requests for messages are waiting.
    pub waiting: u64,
}

/// One delivery, counted in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct SequencePair {
    /// The number of the delivery among all of this consumer, redeliveries included; 0 before the first.
    pub consumer: u64,
    /// The sequence of the message in its stream.
    pub stream: u64,
}

impl SequencePair {
    /// For backends.
    #[must_use]
    pub const fn new(consumer: u64, stream: u64) -> Self {
        Self { consumer, stream }
    }
}

impl ConsumerInfo {
    /// For backends: a consumer that has delivered nothing and has nothing to deliver. Set the fields that differ.
    #[must_use]
    pub fn new(stream: StreamName, name: ConsumerName, config: ConsumerConfig, created: SystemTime) -> Self {
        Self {
            stream,
            name,
            config,
            created,
            delivered: SequencePair::default(),
            ack_floor: SequencePair::default(),
            ack_pending: 0,
            redelivered: 0,
            pending: 0,
            waiting: 0,
        }
    }
}
