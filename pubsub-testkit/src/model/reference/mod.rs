//! The model: one stream with its consumers ([`World`]), and what each operation may do to it.

mod consumer;
mod facts;
mod log;

use std::collections::BTreeSet;
use std::time::Duration;

use pubsub_core::admin::PurgeExtent;
use pubsub_core::{Purge, Retention, SettlementKind};

pub(super) use consumer::Cursor;
pub(super) use facts::{Facts, PublishFacts};
pub(super) use log::Answer;
use log::Log;

/// The time in which something happened, by the clock of the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// Something that was asked for and may have its effect at any later moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Late {
    /// An ack or a term. `sure` if nothing can have kept it from arriving.
    Ended { slot: usize, sequence: u64, at: Duration, sure: bool },
    /// A nak, which brings the message again by this time at the latest.
    Again { slot: usize, sequence: u64, by: Duration },
    /// A publish whose outcome is unknown.
    Publish { publish: usize, from: Duration, to: Duration },
    /// Deliveries that nobody saw. They come again at this time at the latest.
    Lost { slot: usize, most: usize, by: Duration },
}

/// A state that the backend may be in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct World {
    pub(super) log: Log,
    /// By the names of the consumers, in the order in which they came up; `None` for one that is deleted.
    pub(super) consumers: Vec<Option<Cursor>>,
    pub(super) late: Vec<Late>,
}

impl World {
    pub(super) fn consumer(&self, slot: usize) -> Option<&Cursor> {
        self.consumers.get(slot).and_then(Option::as_ref)
    }

    fn consumer_mut(&mut self, slot: usize) -> Option<&mut Cursor> {
        self.consumers.get_mut(slot).and_then(Option::as_mut)
    }

    /// What a publish may be answered, each with the state that follows.
    pub(super) fn publish(&self, facts: &Facts, publish: usize, span: Span) -> Vec<(Answer, Self)> {
        let answers = self.log.store(facts, publish, span, self.somebody_wants(facts, publish));
        let with = |(answer, log)| {
            let mut world = Self { log, ..self.clone() };
            world.forget_removed();
            (answer, world)
        };
        answers.into_iter().map(with).collect()
    }

    fn somebody_wants(&self, facts: &Facts, publish: usize) -> bool {
        facts.retention() != Retention::Interest
            || self.consumers.iter().flatten().any(|consumer| consumer.sees(facts, publish))
    }

    /// The state after a delivery, if there can be such a one in this time.
    pub(super) fn deliver(
        &self,
        facts: &Facts,
        slot: usize,
        (sequence, attempt): (u64, u64),
        span: Span,
    ) -> Option<Self> {
        let publish = self.log.kept(sequence)?;
        let mut world = self.clone();
        let next = self.next_new(facts, slot);
        let consumer = world.consumer_mut(slot)?;
        let called = facts.publish(publish).map_or(Duration::ZERO, |publish| publish.called);
        let since = Span { from: span.from.max(called), to: span.to };
        if attempt == 1 {
            (next == Some(sequence)).then_some(())?;
            consumer.takes_new(facts, sequence, since)?;
        } else {
            consumer.takes_again(facts, sequence, attempt, since)?;
        }
        Some(world)
    }

    /// The message that a consumer gets first of those that it has never had; `None` also if it may have no more.
    pub(super) fn next_new(&self, facts: &Facts, slot: usize) -> Option<u64> {
        let consumer = self.consumer(slot).filter(|consumer| consumer.may_take(facts))?;
        self.log.from(consumer.next()).find(|(_, publish)| consumer.sees(facts, *publish)).map(|(at, _)| at)
    }

    /// How many messages a consumer has never had.
    pub(super) fn pending(&self, facts: &Facts, slot: usize) -> u64 {
        let Some(consumer) = self.consumer(slot) else { return 0 };
        self.log.from(consumer.next()).filter(|(_, publish)| consumer.sees(facts, *publish)).count() as u64
    }

    /// What may come next to a consumer, in words.
    pub(super) fn expected(&self, facts: &Facts, slot: usize) -> String {
        let Some(consumer) = self.consumer(slot) else {
            return "nothing, since the consumer is deleted".to_owned();
        };
        let new = self.next_new(facts, slot).map(|sequence| format!("sequence {sequence} as attempt 1"));
        let again = consumer.to_come_again(facts).filter(|(sequence, _)| self.log.kept(*sequence).is_some());
        let again = again.map(|(sequence, held)| {
            let (attempt, from) = (held.attempt + 1, held.due.from.as_secs_f64());
            format!("sequence {sequence} as attempt {attempt} from {from:.3} s on")
        });
        let all: Vec<_> = new.into_iter().chain(again).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    }

    /// Whether a fetch cannot have found nothing: a message was there since before this time.
    pub(super) fn must_have(&self, facts: &Facts, slot: usize, before: Duration) -> Option<u64> {
        let consumer = self.consumer(slot)?;
        let mut again = consumer.to_come_again(facts).filter(|(_, held)| held.due.to < before);
        if let Some((sequence, _)) = again.find(|(sequence, _)| self.log.kept(*sequence).is_some()) {
            return Some(sequence);
        }
        if !consumer.must_take(facts) || consumer.freed() >= before {
            return None;
        }
        let mut new = self.log.from(consumer.next()).filter(|(_, publish)| consumer.sees(facts, *publish));
        let there = |publish: usize| facts.publish(publish).is_some_and(|publish| publish.ended < before);
        new.find(|(_, publish)| there(*publish)).map(|(sequence, _)| sequence)
    }

    /// The state after a settlement. `sure` if it has had its effect by the end of that time.
    pub(super) fn settle(
        &self,
        facts: &Facts,
        slot: usize,
        sequence: u64,
        kind: &SettlementKind,
        span: Span,
        sure: bool,
    ) -> Self {
        let mut world = self.clone();
        match kind {
            SettlementKind::Nak { delay } => {
                let delay = delay.unwrap_or_default();
                let due = Span { from: span.from + delay, to: span.to + delay };
                if let Some(consumer) = world.consumer_mut(slot) {
                    consumer.comes_again(sequence, due, sure);
                }
            }
            _ => world.end(facts, slot, sequence, span.to),
        }
        world
    }

    /// An extension may count or not, since nobody confirms it.
    pub(super) fn extend(&self, facts: &Facts, slot: usize, sequence: u64, span: Span) -> Self {
        let mut world = self.clone();
        if let Some(consumer) = world.consumer_mut(slot) {
            consumer.may_be_extended(facts, sequence, span);
        }
        world
    }

    /// Nothing is given back early but what was asked for.
    pub(super) fn give_back(&self, slot: usize, sequence: u64, at: Duration) -> Self {
        let mut world = self.clone();
        if let Some(consumer) = world.consumer_mut(slot) {
            consumer.comes_again(sequence, Span { from: at, to: at }, false);
        }
        world
    }

    fn end(&mut self, facts: &Facts, slot: usize, sequence: u64, at: Duration) {
        let ended = self.consumer_mut(slot).is_some_and(|consumer| consumer.end(sequence, at));
        match facts.retention() {
            Retention::WorkQueue if ended => self.log.remove(sequence),
            Retention::Interest if ended => self.let_go(facts),
            _ => {}
        }
    }

    /// Under interest retention: lets go what no consumer is to have any more.
    fn let_go(&mut self, facts: &Facts) {
        let unwanted = self.log.from(0).filter(|(at, publish)| !self.wants(facts, *at, *publish));
        let unwanted: Vec<u64> = unwanted.map(|(at, _)| at).collect();
        unwanted.into_iter().for_each(|sequence| self.log.remove(sequence));
    }

    fn wants(&self, facts: &Facts, sequence: u64, publish: usize) -> bool {
        self.consumers
            .iter()
            .flatten()
            .any(|consumer| consumer.sees(facts, publish) && consumer.is_open(sequence))
    }

    pub(super) fn make_consumer(&mut self, facts: &Facts, slot: usize, config: usize, at: Duration) {
        while self.consumers.len() <= slot {
            self.consumers.push(None);
        }
        let made = Cursor::new(facts, config, self.log.last(), at);
        if let Some(place) = self.consumers.get_mut(slot)
            && place.is_none()
        {
            *place = Some(made);
        }
    }

    pub(super) fn delete_consumer(&mut self, facts: &Facts, slot: usize) {
        if let Some(place) = self.consumers.get_mut(slot) {
            *place = None;
        }
        self.late.retain(|late| !matches!(late, Late::Lost { slot: of, .. } if *of == slot));
        if facts.retention() == Retention::Interest {
            self.let_go(facts);
        }
    }

    /// The state after a purge, and how many messages it has removed.
    pub(super) fn purge(&self, facts: &Facts, purge: &Purge, at: Duration) -> (u64, Self) {
        let mut world = self.clone();
        let meant = |publish: usize| {
            let subject = facts.subject(publish);
            purge.filter.as_ref().is_none_or(|filter| filter.matches(subject))
        };
        let those: Vec<u64> =
            self.log.from(0).filter(|(_, publish)| meant(*publish)).map(|(at, _)| at).collect();
        let removed: Vec<u64> = match purge.extent {
            PurgeExtent::UpTo(first) => those.into_iter().filter(|sequence| *sequence < first).collect(),
            PurgeExtent::Keep(keep) => {
                let removed = those.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
                those.into_iter().take(removed).collect()
            }
            _ => those,
        };
        removed.iter().for_each(|sequence| world.log.remove(*sequence));
        for consumer in world.consumers.iter_mut().flatten() {
            consumer.is_freed(at);
            consumer.forgets_what_is_due(facts, at);
        }
        world.forget_removed();
        (removed.len() as u64, world)
    }

    /// The state after the deletion of a message that was there.
    pub(super) fn delete_message(&self, sequence: u64, at: Duration) -> Option<Self> {
        self.log.kept(sequence)?;
        let mut world = self.clone();
        world.log.remove(sequence);
        world.consumers.iter_mut().flatten().for_each(|consumer| consumer.is_freed(at));
        world.forget_removed();
        Some(world)
    }

    /// What has left the stream is not delivered any more. Whether it counts as unsettled for a while, is open.
    fn forget_removed(&mut self) {
        let kept: BTreeSet<u64> = self.log.from(0).map(|(sequence, _)| sequence).collect();
        self.consumers.iter_mut().flatten().for_each(|consumer| consumer.forget_all_but(&kept));
    }

    /// The states after something late has happened after all.
    pub(super) fn happens(&self, facts: &Facts, place: usize) -> Vec<Self> {
        let mut rest = self.clone();
        if place >= rest.late.len() {
            return Vec::new();
        }
        match rest.late.remove(place) {
            Late::Ended { slot, sequence, at, .. } => {
                rest.end(facts, slot, sequence, at);
                vec![rest]
            }
            Late::Again { slot, sequence, by } => {
                if let Some(consumer) = rest.consumer_mut(slot) {
                    consumer.comes_again(sequence, Span { from: Duration::ZERO, to: by }, false);
                }
                vec![rest]
            }
            Late::Publish { publish, from, to } => {
                let span = Span { from, to };
                rest.publish(facts, publish, span).into_iter().map(|(_, world)| world).collect()
            }
            Late::Lost { slot, most, by } => rest.lose_one(facts, slot, most, by),
        }
    }

    /// The states in which one more delivery to nobody was made.
    fn lose_one(&self, facts: &Facts, slot: usize, most: usize, by: Duration) -> Vec<Self> {
        let Some(consumer) = self.consumer(slot) else { return vec![self.clone()] };
        let due = Span { from: Duration::ZERO, to: by };
        let again = consumer.to_come_again(facts).map(|(sequence, _)| sequence);
        let any = again.filter(|sequence| self.log.kept(*sequence).is_some());
        let any: Vec<u64> = any.chain(self.next_new(facts, slot)).collect();
        let lost = any.into_iter().filter_map(|sequence| {
            let mut world = self.clone();
            world.consumer_mut(slot)?.loses(sequence, due);
            if most > 1 {
                world.add_late(Late::Lost { slot, most: most - 1, by });
            }
            Some(world)
        });
        lost.collect()
    }

    pub(super) fn add_late(&mut self, late: Late) {
        self.late.push(late);
        // So that states which differ in the order alone are one.
        self.late.sort_unstable();
    }

    /// The state in which every settlement that must arrive has arrived.
    pub(super) fn arrived(&self, facts: &Facts) -> Self {
        let mut world = self.clone();
        let is_sure = |late: &Late| matches!(late, Late::Ended { sure: true, .. });
        while let Some(place) = world.late.iter().position(is_sure) {
            match world.happens(facts, place).pop() {
                Some(next) => world = next,
                None => break,
            }
        }
        world
    }
}
