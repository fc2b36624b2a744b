//! What one step of a call may do to a state.

use std::time::Duration;

use pubsub_core::SettlementKind;

use super::operation::{Doing, Ended, Operation};
use crate::model::reference::{Answer, Facts, Late, World};

/// How long something may be on its way through a fault.
const HELD: Duration = Duration::from_secs(5);

impl Operation {
    /// The states that the step can lead to; none if the model does not allow it.
    pub(super) fn step(&self, facts: &Facts, world: &World, done: usize) -> Vec<World> {
        match &self.doing {
            Doing::Publish { publish, answer: Some(answer) } => {
                let answers = world.publish(facts, *publish, self.span).into_iter();
                // One that was tried again is a duplicate of its own first try.
                let tried_again = match answer {
                    Answer::Duplicate(sequence) if self.faulted => Some(Answer::Stored(*sequence)),
                    _ => None,
                };
                let is_so = |allowed: &Answer| allowed == answer || tried_again.as_ref() == Some(allowed);
                answers.filter(|(allowed, _)| is_so(allowed)).map(|(_, world)| world).collect()
            }
            Doing::Publish { publish, answer: None } => {
                let (from, to) = (self.span.from, Duration::MAX);
                vec![with_late(world, Late::Publish { publish: *publish, from, to })]
            }
            Doing::Fetch { slot, came, .. } => match came.get(done) {
                Some(delivery) => world.deliver(facts, *slot, *delivery, self.span).into_iter().collect(),
                None => self.end_of_fetch(facts, world).into_iter().collect(),
            },
            Doing::Settle { .. } => self.settle(facts, world),
            Doing::Extend { slot, sequence } => vec![world.extend(facts, *slot, *sequence, self.span)],
            Doing::GiveBack { slot, sequence } => vec![world.give_back(*slot, *sequence, self.span.from)],
            Doing::MakeConsumer { slot, config } => {
                let mut world = world.clone();
                world.make_consumer(facts, *slot, *config, self.span.to);
                vec![world]
            }
            Doing::DeleteConsumer { slot } => {
                let mut world = world.clone();
                world.delete_consumer(facts, *slot);
                vec![world]
            }
            Doing::Purge { purge, purged } => {
                let (removed, world) = world.purge(facts, purge, self.span.to);
                if removed == *purged { vec![world] } else { Vec::new() }
            }
            Doing::DeleteMessage { sequence } => {
                world.delete_message(*sequence, self.span.to).into_iter().collect()
            }
            Doing::LookAtConsumer { slot, counts } => {
                let world = world.arrived(facts);
                let fits = world.consumer(*slot).is_none_or(|consumer| {
                    let (least, most) = consumer.unsettled(facts);
                    (least as u64..=most as u64).contains(&counts.ack_pending)
                        && counts.deliveries == consumer.deliveries()
                        && counts.pending == world.pending(facts, *slot)
                });
                if fits { vec![world] } else { Vec::new() }
            }
            Doing::LookAtStream { counts } => {
                let world = world.arrived(facts);
                let fits =
                    counts.messages == world.log.len() as u64 && counts.last_sequence == world.log.last();
                if fits { vec![world] } else { Vec::new() }
            }
            Doing::Nothing => vec![world.clone()],
        }
    }

    fn end_of_fetch(&self, facts: &Facts, world: &World) -> Option<World> {
        let Doing::Fetch { slot, most, expires, came, ended, safe, margin } = &self.doing else {
            return Some(world.clone());
        };
        let disturbed = self.faulted && !*safe;
        match ended {
            Ended::Failed(_) if !disturbed && world.consumer(*slot).is_some() => return None,
            Ended::Answered if came.is_empty() && !disturbed => {
                let until = if expires.is_zero() { self.span.from } else { self.span.to };
                if world.must_have(facts, *slot, until.saturating_sub(*margin)).is_some() {
                    return None;
                }
            }
            _ => {}
        }
        let left = most.saturating_sub(came.len());
        if (disturbed || *ended == Ended::Dropped) && left > 0 {
            // Given back at once, or not before the ack wait of a delivery that was made at the last moment is over.
            let lease = facts.configs.iter().map(|config| config.ack_wait).max().unwrap_or_default();
            let by = self.span.to + *expires + lease + *margin;
            return Some(with_late(world, Late::Lost { slot: *slot, most: left, by }));
        }
        Some(world.clone())
    }

    fn settle(&self, facts: &Facts, world: &World) -> Vec<World> {
        let Doing::Settle { slot, sequence, kind, confirmed, outcome, stale } = &self.doing else {
            return vec![world.clone()];
        };
        let (slot, sequence, at) = (*slot, *sequence, self.span.to);
        if outcome.is_err() && !self.faulted && !stale {
            return Vec::new();
        }
        let certain = outcome.is_ok() && !stale;
        if let SettlementKind::Nak { delay } = kind {
            if self.faulted && !(certain && *confirmed) {
                // It may be held somewhere on its way.
                let by = at + delay.unwrap_or_default() + HELD;
                return vec![with_late(world, Late::Again { slot, sequence, by })];
            }
            return vec![world.settle(facts, slot, sequence, kind, self.span, certain && *confirmed)];
        }
        if certain && *confirmed {
            return vec![world.settle(facts, slot, sequence, kind, self.span, true)];
        }
        let sure = certain && !self.faulted;
        vec![with_late(world, Late::Ended { slot, sequence, at, sure })]
    }
}

fn with_late(world: &World, late: Late) -> World {
    let mut world = world.clone();
    world.add_late(late);
    world
}
