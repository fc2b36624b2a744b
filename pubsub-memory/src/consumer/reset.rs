//! Setting a consumer back or forward.

use std::collections::{BTreeSet, VecDeque};

use pubsub_core::{DeliverPolicy, SequencePair};

use super::floor::Floor;
use super::pending::Pending;
use super::{ConsumerState, Position};
use crate::clock::Clock;
use crate::stream::Messages;

/// Why a consumer cannot be set to a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoReset {
    /// It begins with messages that only its creation can find.
    Start,
    /// It begins with this sequence.
    Below(u64),
}

impl ConsumerState {
    /// Where a reset to this sequence, or to the ack floor, leads (measured on nats-server 2.15.1).
    pub(crate) fn reset_target(
        &self,
        sequence: Option<u64>,
        messages: &Messages,
        clock: &Clock,
    ) -> Result<u64, NoReset> {
        let Some(sequence) = sequence.filter(|sequence| *sequence > 0) else {
            return Ok(self.floor.pair().stream.saturating_add(1));
        };
        let first = match self.config.deliver {
            DeliverPolicy::All => 0,
            DeliverPolicy::FromSequence(first) => first,
            DeliverPolicy::FromTime(time) => {
                let log = messages.log();
                let first = log.first_since(|at| clock.wall(at) >= time);
                first.unwrap_or(log.last().saturating_add(1))
            }
            _ => return Err(NoReset::Start),
        };
        if sequence < first { Err(NoReset::Below(first)) } else { Ok(sequence) }
    }

    /// Goes on with this sequence, as if nothing had been delivered.
    pub(crate) fn reset(&mut self, sequence: u64) {
        self.position = Position::new(sequence, VecDeque::new());
        self.pending = Pending::default();
        self.exhausted = BTreeSet::new();
        self.delivered = SequencePair::new(0, sequence.saturating_sub(1));
        self.has_picked = false;
        self.untold = BTreeSet::new();
        (self.floor, self.shown_floor) = (Floor::before(sequence), Floor::before(sequence));
        if let Some(replay) = &mut self.replay {
            replay.reset();
        }
    }
}
