//! A consumer: where it is, and what it has handed out: [`Cursor`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pubsub_core::{ConsumerConfig, DeliverPolicy};

use super::{Facts, Span};
use crate::judge::TOLERANCE;

/// A delivery that is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::model) struct Held {
    pub(in crate::model) attempt: u64,
    /// It may come again from the one time on, and is ready to by the other.
    pub(in crate::model) due: Span,
}

/// Where a consumer is in its stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::model) struct Cursor {
    config: usize,
    next: u64,
    held: BTreeMap<u64, Held>,
    deliveries: u64,
    /// Messages that left the stream while they were held: a broker may count them for a while.
    ghosts: usize,
    /// When it could last take what it could not before.
    freed: Duration,
}

impl Cursor {
    pub(super) fn new(facts: &Facts, config: usize, last: u64, at: Duration) -> Self {
        let deliver = facts.config(config).map(|config| config.deliver);
        let next = if deliver == Some(DeliverPolicy::New) { last + 1 } else { 1 };
        Self { config, next, held: BTreeMap::new(), deliveries: 0, ghosts: 0, freed: at }
    }

    fn config<'f>(&self, facts: &'f Facts) -> Option<&'f ConsumerConfig> {
        facts.config(self.config)
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn freed(&self) -> Duration {
        self.freed
    }

    pub(super) fn is_freed(&mut self, at: Duration) {
        self.freed = self.freed.max(at);
    }

    pub(in crate::model) fn sees(&self, facts: &Facts, publish: usize) -> bool {
        self.config(facts).is_some_and(|config| config.sees(facts.subject(publish)))
    }

    fn is_last(&self, facts: &Facts, attempt: u64) -> bool {
        self.config(facts).is_some_and(|config| config.is_last(attempt))
    }

    /// How many messages are unsettled for certain: one that has used up its attempts counts for an open while.
    fn surely_held(&self, facts: &Facts) -> usize {
        self.held.values().filter(|held| !self.is_last(facts, held.attempt)).count()
    }

    fn most_held(&self, facts: &Facts) -> usize {
        let most = self.config(facts).and_then(|config| config.max_ack_pending.at());
        most.map_or(usize::MAX, |most| most as usize)
    }

    /// Whether it may be handed a new message.
    pub(super) fn may_take(&self, facts: &Facts) -> bool {
        self.surely_held(facts) < self.most_held(facts)
    }

    /// Whether nothing keeps it from being handed a new message.
    pub(super) fn must_take(&self, facts: &Facts) -> bool {
        self.held.len() + self.ghosts < self.most_held(facts)
    }

    /// What is to come again, sooner or later.
    pub(super) fn to_come_again<'c>(
        &'c self,
        facts: &'c Facts,
    ) -> impl Iterator<Item = (u64, &'c Held)> + 'c {
        let again = self.held.iter().filter(|(_, held)| !self.is_last(facts, held.attempt));
        again.map(|(sequence, held)| (*sequence, held))
    }

    /// Whether it has not had, or not settled, this message.
    pub(super) fn is_open(&self, sequence: u64) -> bool {
        sequence >= self.next || self.held.contains_key(&sequence)
    }

    /// From when to when an ack wait ends that begins in this time.
    fn lease(&self, facts: &Facts, span: Span) -> Span {
        let ack_wait = self.config(facts).map(|config| config.ack_wait).unwrap_or_default();
        Span { from: span.from + ack_wait, to: span.to + ack_wait }
    }

    pub(super) fn takes_new(&mut self, facts: &Facts, sequence: u64, span: Span) -> Option<()> {
        let due = self.lease(facts, span);
        self.next = sequence + 1;
        self.deliveries += 1;
        self.held.insert(sequence, Held { attempt: 1, due });
        Some(())
    }

    pub(super) fn takes_again(
        &mut self,
        facts: &Facts,
        sequence: u64,
        attempt: u64,
        span: Span,
    ) -> Option<()> {
        let held = self.held.get(&sequence)?;
        let is_due = held.due.from <= span.to + TOLERANCE;
        if held.attempt + 1 != attempt || self.is_last(facts, held.attempt) || !is_due {
            return None;
        }
        let due = self.lease(facts, Span { from: span.from.max(held.due.from), to: span.to });
        self.deliveries += 1;
        self.held.insert(sequence, Held { attempt, due });
        Some(())
    }

    /// A delivery that nobody saw.
    pub(super) fn loses(&mut self, sequence: u64, due: Span) {
        let attempt = self.held.get(&sequence).map_or(0, |held| held.attempt) + 1;
        self.next = self.next.max(sequence + 1);
        self.deliveries += 1;
        self.held.insert(sequence, Held { attempt, due });
    }

    /// It was asked for again. Unless that is sure, what was due before may be as well.
    pub(super) fn comes_again(&mut self, sequence: u64, due: Span, sure: bool) {
        if let Some(held) = self.held.get_mut(&sequence) {
            held.due = if sure {
                due
            } else {
                Span { from: held.due.from.min(due.from), to: held.due.to.max(due.to) }
            };
        }
    }

    pub(super) fn may_be_extended(&mut self, facts: &Facts, sequence: u64, span: Span) {
        let lease = self.lease(facts, span);
        if let Some(held) = self.held.get_mut(&sequence) {
            held.due.to = held.due.to.max(lease.to);
        }
    }

    /// Whether it was held.
    pub(super) fn end(&mut self, sequence: u64, at: Duration) -> bool {
        self.is_freed(at);
        self.held.remove(&sequence).is_some()
    }

    /// A purge may forget, even where it removes nothing, what was about to come again (measured on nats-server 2.15.1);
    /// that then comes with its ack wait.
    pub(super) fn forgets_what_is_due(&mut self, facts: &Facts, at: Duration) {
        let again = self.lease(facts, Span { from: at, to: at }).to;
        self.held.values_mut().for_each(|held| held.due.to = held.due.to.max(again));
    }

    pub(super) fn forget_all_but(&mut self, kept: &BTreeSet<u64>) {
        let before = self.held.len();
        self.held.retain(|sequence, _| kept.contains(sequence));
        self.ghosts += before - self.held.len();
    }

    /// What its counters may say of deliveries.
    pub(in crate::model) fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// The least and the most unsettled messages that its counters may tell.
    pub(in crate::model) fn unsettled(&self, facts: &Facts) -> (usize, usize) {
        (self.surely_held(facts), self.held.len() + self.ghosts)
    }
}
