//! How a worker does: [`WorkerStatus`], [`BindingStatus`].

use serde::Serialize;

use crate::name::{ConsumerName, StreamName};

/// How a worker does, for health checks and dashboards. It serialises.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WorkerStatus {
    /// What it is doing.
    pub phase: WorkerPhase,
    /// Its consumers, in the order in which they were bound; empty before it has started.
    pub bindings: Vec<BindingStatus>,
}

/// What a worker is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkerPhase {
    /// Not started, or about to start.
    #[default]
    Idle,
    /// Takes messages and handles them.
    Running,
    /// Handles what it has, and takes no more.
    Paused,
    /// Finishes what it has begun.
    Stopping,
    /// Has ended.
    Ended,
}

/// How one consumer of a worker does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BindingStatus {
    /// The stream.
    pub stream: StreamName,
    /// The consumer.
    pub consumer: ConsumerName,
    /// How many deliveries it has taken.
    pub taken: u64,
    /// How many messages were still to come when it last took some.
    pub lag: u64,
    /// How many handlers may run at once now.
    pub concurrency: usize,
    /// How many handlers run.
    pub running: usize,
    /// How many messages wait for a place.
    pub queued: usize,
    /// How many messages it holds that wait for something else: their retry, an earlier one of their key, a batch.
    pub waiting: usize,
    /// How many copies of messages that are given up are on their way to the dead letters.
    pub keeping: usize,
    /// How many attempts ended with an ack.
    pub done: u64,
    /// How many attempts failed and are tried again.
    pub retried: u64,
    /// How many messages went to the dead letters.
    pub dead_lettered: u64,
    /// How many messages were given up and not kept.
    pub discarded: u64,
    /// What keeps it from taking messages or from keeping dead letters at present, in one line.
    pub trouble: Option<String>,
}

impl WorkerStatus {
    /// Whether it takes messages on all its consumers: for a readiness check.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase == WorkerPhase::Running && self.bindings.iter().all(|binding| binding.trouble.is_none())
    }

    /// Whether it has not ended: for a liveness check.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.phase != WorkerPhase::Ended
    }
}

impl BindingStatus {
    pub(crate) fn new(stream: StreamName, consumer: ConsumerName) -> Self {
        Self {
            stream,
            consumer,
            taken: 0,
            lag: 0,
            concurrency: 0,
            running: 0,
            queued: 0,
            waiting: 0,
            keeping: 0,
            done: 0,
            retried: 0,
            dead_lettered: 0,
            discarded: 0,
            trouble: None,
        }
    }
}
