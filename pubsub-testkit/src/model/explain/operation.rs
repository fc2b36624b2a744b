//! One call, with all that is known of it when it is over: [`Operation`].

use std::time::Duration;

use pubsub_core::{ErrorKind, Purge, SettlementKind};

use crate::history::counts::{ConsumerCounts, StreamCounts};
use crate::history::timeline::settlement;
use crate::model::reference::{Answer, Facts, Span, World};

/// A call that somebody made.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// The event that ends it.
    pub(super) order: usize,
    pub(super) span: Span,
    /// Something had happened to the store before it was over.
    pub(super) faulted: bool,
    pub(super) doing: Doing,
}

#[derive(Debug, Clone)]
pub(super) enum Doing {
    Publish {
        publish: usize,
        /// `None` if it is unknown whether it was stored.
        answer: Option<Answer>,
    },
    Fetch {
        slot: usize,
        most: usize,
        expires: Duration,
        /// Sequences and attempts.
        came: Vec<(u64, u64)>,
        ended: Ended,
        /// On a connection that meets no faults.
        safe: bool,
        /// From how long before its end on something that was there must have been found.
        margin: Duration,
    },
    Settle {
        slot: usize,
        sequence: u64,
        kind: SettlementKind,
        confirmed: bool,
        outcome: Result<(), ErrorKind>,
        /// It is of a consumer that was deleted since, of which another one may have the name.
        stale: bool,
    },
    Extend {
        slot: usize,
        sequence: u64,
    },
    GiveBack {
        slot: usize,
        sequence: u64,
    },
    MakeConsumer {
        slot: usize,
        config: usize,
    },
    DeleteConsumer {
        slot: usize,
    },
    Purge {
        purge: Purge,
        purged: u64,
    },
    DeleteMessage {
        sequence: u64,
    },
    LookAtConsumer {
        slot: usize,
        counts: ConsumerCounts,
    },
    LookAtStream {
        counts: StreamCounts,
    },
    /// It had no effect that the model knows of.
    Nothing,
}

/// How a fetch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Answered,
    Failed(ErrorKind),
    Dropped,
}

impl Operation {
    /// How many things it does one after the other: a fetch gets its messages one by one, and then ends.
    pub(super) fn steps(&self) -> usize {
        match &self.doing {
            Doing::Fetch { came, .. } => came.len() + 1,
            _ => 1,
        }
    }

    /// What the model does not allow of it, beside what it would.
    pub(super) fn objection(&self, facts: &Facts, world: Option<&World>) -> String {
        let allowed = |slot: usize| world.map_or_else(String::new, |world| world.expected(facts, slot));
        match &self.doing {
            Doing::Publish { publish, answer } => {
                let found = match answer {
                    Some(Answer::Stored(sequence)) => format!("as stored at sequence {sequence}"),
                    Some(Answer::Duplicate(sequence)) => format!("as a duplicate of sequence {sequence}"),
                    Some(Answer::Refused) => "with a refusal".to_owned(),
                    None => "with no outcome".to_owned(),
                };
                let last = world.map_or(0, |world| world.log.last());
                let known = facts.publishes.get(*publish).and_then(|publish| publish.id.as_deref());
                let id = known.map_or_else(String::new, |id| format!(" with the id `{id}`"));
                format!("a publish{id} was answered {found}; the last sequence may be {last}")
            }
            Doing::Fetch { slot, came, ended, .. } => {
                let found: Vec<_> = came
                    .iter()
                    .map(|(sequence, attempt)| format!("{sequence} (attempt {attempt})"))
                    .collect();
                let found = match ended {
                    Ended::Failed(kind) => format!("failed ({kind})"),
                    _ if found.is_empty() => "found nothing".to_owned(),
                    _ => format!("got {}", found.join(", ")),
                };
                format!("a fetch {found}; what may come: {}", allowed(*slot))
            }
            Doing::Settle { sequence, kind, outcome, .. } => {
                let kind = settlement(kind);
                format!("{kind} of sequence {sequence} ended as {outcome:?}, and nothing explains that")
            }
            Doing::Purge { purged, .. } => {
                let kept = world.map_or(0, |world| world.log.len());
                format!("a purge removed {purged} messages of {kept}")
            }
            Doing::DeleteMessage { sequence } => {
                format!("sequence {sequence} was deleted, and was not there")
            }
            Doing::LookAtConsumer { slot, counts } => {
                let (deliveries, unsettled, pending) = world.map_or((0, (0, 0), 0), |world| {
                    let world = world.arrived(facts);
                    let consumer = world.consumer(*slot);
                    let unsettled = consumer.map_or((0, 0), |consumer| consumer.unsettled(facts));
                    let deliveries = consumer.map_or(0, super::super::reference::Cursor::deliveries);
                    (deliveries, unsettled, world.pending(facts, *slot))
                });
                format!(
                    "the consumer tells of {} deliveries, {} unsettled, {} pending; it may be {deliveries}, {} to {}, \
                     {pending}",
                    counts.deliveries, counts.ack_pending, counts.pending, unsettled.0, unsettled.1
                )
            }
            Doing::LookAtStream { counts } => {
                let (kept, last) = world.map_or((0, 0), |world| {
                    let world = world.arrived(facts);
                    (world.log.len(), world.log.last())
                });
                let (messages, found) = (counts.messages, counts.last_sequence);
                format!(
                    "the stream tells of {messages} messages, the last at {found}; it may be {kept}, {last}"
                )
            }
            _ => "nothing explains this".to_owned(),
        }
    }
}
