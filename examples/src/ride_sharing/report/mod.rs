//! Counts, and the tables that show them.

mod progress;
mod table;
mod tally;

pub(super) use progress::{PATIENCE, Progress};
pub(super) use tally::{RouteTally, StreamTally};

use super::proof::{Findings, Violation};
use super::provision::OpenRoute;
use super::service::Services;

/// What became of the lines of the input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputCounts {
    /// Lines that were not blank.
    pub lines: u64,
    /// Lines that were published, duplicates included.
    pub published: u64,
    /// Lines that could not be used.
    pub broken: u64,
}

/// How many handler runs went wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// On purpose: returned an error.
    pub failed: u64,
    /// On purpose: hung until their deadline.
    pub hung: u64,
    /// On purpose: panicked.
    pub crashed: u64,
    /// Not on purpose: the settlement failed.
    pub unsettled: u64,
}

impl FaultCounts {
    fn plus(self, other: Self) -> Self {
        Self {
            failed: self.failed + other.failed,
            hung: self.hung + other.hung,
            crashed: self.crashed + other.crashed,
            unsettled: self.unsettled + other.unsettled,
        }
    }
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRow {
    /// Its name.
    pub stream: String,
    /// Confirmed publishes, the services' own included.
    pub published: u64,
    /// Those of them that the stream refused to store again.
    pub duplicates: u64,
    /// Messages that it holds at the end.
    pub held: u64,
}

/// One durable consumer, over all instances of its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerRow {
    /// Its name.
    pub consumer: String,
    /// Deliveries, redeliveries included.
    pub delivered: u64,
    /// Deliveries that were acked.
    pub acked: u64,
    /// Deliveries that were not the first of their message.
    pub redelivered: u64,
    /// Messages that were not delivered or not settled at the end.
    pub pending: u64,
}

/// What happened, and whether it was right. Prints as tables.
#[derive(Debug, Clone)]
pub struct Report {
    /// The input.
    pub input: InputCounts,
    /// The streams.
    pub streams: Vec<StreamRow>,
    /// The durable consumers.
    pub consumers: Vec<ConsumerRow>,
    /// The faults, over all consumers.
    pub faults: FaultCounts,
    /// What each service has learned.
    pub services: Vec<(&'static str, String)>,
    /// What is worth knowing and not wrong.
    pub notes: Vec<String>,
    /// The invariants that were broken.
    pub broken: Vec<Violation>,
}

impl Report {
    pub(super) fn new(
        input: InputCounts,
        findings: Findings,
        (routes, unsettled): (&[OpenRoute], u64),
        services: &Services,
        notes: Vec<String>,
        broken: Vec<Violation>,
    ) -> Self {
        Self {
            input,
            streams: findings.streams.into_iter().map(|stream| stream.row).collect(),
            consumers: findings.consumers.into_iter().map(|consumer| consumer.row).collect(),
            faults: routes.iter().fold(FaultCounts { unsettled, ..FaultCounts::default() }, |sum, open| {
                sum.plus(open.tally.faults())
            }),
            services: services.summaries(),
            notes,
            broken,
        }
    }

    /// 0 if every invariant held, 1 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.broken.is_empty())
    }
}
