//! From events to calls with a beginning and an end: [`Reader`].

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use pubsub_core::Purge;

use super::operation::{Doing, Ended, Operation};
use crate::harness::Clock;
use crate::history::event::{ConsumerKey, Event, Number, Published, What};
use crate::model::reference::{Answer, Facts, PublishFacts, Span};

/// The beginning or the end of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    Called(usize),
    Returned(usize),
}

/// A fetch as the events tell of it.
#[derive(Debug, Clone)]
struct Asked {
    operation: usize,
    slot: usize,
    life: usize,
    /// Deliveries that are still to be recorded before it is over.
    left: Option<usize>,
}

/// Turns events into calls, bit by bit.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader {
    pub(super) facts: Facts,
    pub(super) operations: Vec<Operation>,
    taken: usize,
    real: bool,
    faulted: bool,
    over: bool,
    safe: Option<Number>,
    publishes: HashMap<Number, (usize, usize)>,
    asks: HashMap<Number, Asked>,
    /// The consumer, its life and the sequence of each delivery.
    deliveries: HashMap<Number, (usize, usize, u64)>,
    settles: HashMap<Number, usize>,
    extends: HashMap<Number, usize>,
    removals: HashMap<Number, usize>,
    looks: HashMap<Number, Duration>,
    slots: Vec<(ConsumerKey, usize)>,
}

impl Reader {
    /// The moments of the events that it has not seen yet.
    pub(super) fn read(&mut self, events: &[Event]) -> Vec<Moment> {
        let mut moments = Vec::new();
        for (place, event) in events.iter().enumerate().skip(self.taken) {
            if !self.over {
                let rest = events.get(place + 1..).unwrap_or_default();
                self.take(event, rest, &mut moments);
            }
        }
        self.taken = events.len();
        moments
    }

    /// The events of the call, and of others about the same message or consumer.
    pub(super) fn story(&self, number: usize) -> BTreeSet<usize> {
        // A history that is small already shows it best as a whole.
        let first = number.saturating_sub(24);
        self.operations.iter().take(number + 1).skip(first).map(|operation| operation.order).collect()
    }

    /// Says that something had happened, too late for what is over when it comes in: waits of timers, and of a machine.
    fn margin(&self) -> Duration {
        Duration::from_millis(if self.real { 300 } else { 5 })
    }

    fn slot(&mut self, key: &ConsumerKey) -> (usize, usize) {
        let slot = self.slots.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
            self.slots.push((key.clone(), 0));
            self.slots.len() - 1
        });
        (slot, self.slots.get(slot).map_or(0, |(_, life)| *life))
    }

    fn call(&mut self, event: &Event, doing: Doing, moments: &mut Vec<Moment>) -> usize {
        let number = self.operations.len();
        let span = Span { from: event.at, to: event.at };
        self.operations.push(Operation { order: event.order, span, faulted: self.faulted, doing });
        moments.push(Moment::Called(number));
        number
    }

    fn returned(&mut self, number: usize, event: &Event, moments: &mut Vec<Moment>) {
        if let Some(operation) = self.operations.get_mut(number) {
            operation.order = event.order;
            operation.span.to = event.at;
            operation.faulted = self.faulted;
        }
        moments.push(Moment::Returned(number));
    }

    fn at_once(&mut self, event: &Event, doing: Doing, moments: &mut Vec<Moment>) {
        let number = self.call(event, doing, moments);
        self.returned(number, event, moments);
    }

    fn take(&mut self, event: &Event, rest: &[Event], moments: &mut Vec<Moment>) {
        match &event.what {
            What::Modelled { clock } => self.real = *clock == Clock::Real,
            What::Faulted { .. } => self.faulted = true,
            What::Connected { connection } => {
                self.safe.get_or_insert(*connection);
            }
            What::StreamCreated { config } => self.facts.stream = Some(config.as_ref().clone()),
            What::StreamDeleted { .. } => self.over = true,
            What::ConsumerCreated { key, config } => {
                let (slot, _) = self.slot(key);
                let number = self.facts.configs.len();
                self.facts.configs.push(config.as_ref().clone());
                self.at_once(event, Doing::MakeConsumer { slot, config: number }, moments);
            }
            What::ConsumerDeleted { key } => {
                let (slot, _) = self.slot(key);
                if let Some((_, life)) = self.slots.get_mut(slot) {
                    *life += 1;
                }
                self.at_once(event, Doing::DeleteConsumer { slot }, moments);
            }
            What::RemovalCalled { call } => {
                let number = self.call(event, Doing::Nothing, moments);
                self.removals.insert(*call, number);
            }
            What::Purged { call, purge, purged, .. } => {
                let doing = Doing::Purge { purge: Purge::clone(purge), purged: *purged };
                self.removed(*call, doing, event, moments);
            }
            What::MessageDeleted { call, sequence, .. } => {
                self.removed(*call, Doing::DeleteMessage { sequence: *sequence }, event, moments);
            }
            What::RemovalFailed { call } => self.removed(*call, Doing::Nothing, event, moments),
            What::LookCalled { look } => {
                self.looks.insert(*look, event.at);
            }
            What::ConsumerSeen { look, key, counts } if is_last_look(event, rest) => {
                let (slot, _) = self.slot(key);
                self.looked(*look, Doing::LookAtConsumer { slot, counts: *counts }, event, moments);
            }
            What::StreamSeen { look, counts, .. } if is_last_look(event, rest) => {
                self.looked(*look, Doing::LookAtStream { counts: *counts }, event, moments);
            }
            _ => self.take_traffic(event, moments),
        }
    }

    fn removed(&mut self, call: Number, doing: Doing, event: &Event, moments: &mut Vec<Moment>) {
        let Some(number) = self.removals.remove(&call) else { return };
        if let Some(operation) = self.operations.get_mut(number) {
            operation.doing = doing;
        }
        self.returned(number, event, moments);
    }

    fn looked(&mut self, look: Number, doing: Doing, event: &Event, moments: &mut Vec<Moment>) {
        let number = self.call(event, doing, moments);
        if let (Some(operation), Some(called)) = (self.operations.get_mut(number), self.looks.get(&look)) {
            operation.span.from = *called;
        }
        self.returned(number, event, moments);
    }

    fn take_traffic(&mut self, event: &Event, moments: &mut Vec<Moment>) {
        match &event.what {
            What::PublishCalled { publish, message, .. } => {
                let place = self.facts.publishes.len();
                self.facts.publishes.push(PublishFacts {
                    subject: message.subject.as_str().to_owned(),
                    id: message.id.as_ref().map(|id| id.as_str().to_owned()),
                    called: event.at,
                    ended: Duration::MAX,
                });
                let number = self.call(event, Doing::Publish { publish: place, answer: None }, moments);
                self.publishes.insert(*publish, (number, place));
            }
            What::PublishEnded { publish, outcome } => {
                let Some((number, place)) = self.publishes.remove(publish) else { return };
                let answer = self.answer(outcome);
                if let (Some(facts), Some(_)) = (self.facts.publishes.get_mut(place), answer) {
                    facts.ended = event.at;
                }
                if let Some(operation) = self.operations.get_mut(number) {
                    operation.doing = Doing::Publish { publish: place, answer };
                }
                self.returned(number, event, moments);
            }
            What::Asked { ask, key, connection, options: Some(options) } => {
                let (slot, life) = self.slot(key);
                let safe = self.safe == Some(*connection);
                let doing = Doing::Fetch {
                    slot,
                    most: options.max_messages,
                    expires: options.expires,
                    came: Vec::new(),
                    ended: Ended::Dropped,
                    safe,
                    margin: self.margin(),
                };
                let operation = self.call(event, doing, moments);
                self.asks.insert(*ask, Asked { operation, slot, life, left: None });
            }
            What::Answered { ask, outcome } => self.answered(*ask, *outcome, event, moments),
            What::AskDropped { ask } => {
                if let Some(asked) = self.asks.get(ask).filter(|asked| asked.left.is_none()) {
                    self.returned(asked.operation, event, moments);
                }
            }
            What::Delivered { delivery, ask, message } => {
                let Some(asked) = self.asks.get_mut(ask) else { return };
                let (number, slot, life) = (asked.operation, asked.slot, asked.life);
                asked.left = asked.left.map(|left| left.saturating_sub(1));
                let is_over = asked.left == Some(0);
                self.deliveries.insert(*delivery, (slot, life, message.stream_sequence));
                if let Some(Operation { doing: Doing::Fetch { came, .. }, .. }) =
                    self.operations.get_mut(number)
                {
                    came.push((message.stream_sequence, message.attempt));
                }
                if is_over {
                    self.returned(number, event, moments);
                }
            }
            _ => self.take_settlement(event, moments),
        }
    }

    /// What a publish was told, if anything certain.
    fn answer(&self, outcome: &Published) -> Option<Answer> {
        match outcome {
            Published::Stored { sequence: Some(sequence), .. } => Some(Answer::Stored(*sequence)),
            Published::Duplicate { sequence: Some(sequence), .. } => Some(Answer::Duplicate(*sequence)),
            // What a fault keeps from being sent is refused too.
            Published::Rejected { .. } if !self.faulted => Some(Answer::Refused),
            _ => None,
        }
    }

    fn answered(
        &mut self,
        ask: Number,
        outcome: Result<usize, pubsub_core::ErrorKind>,
        event: &Event,
        moments: &mut Vec<Moment>,
    ) {
        let Some(asked) = self.asks.get_mut(&ask) else { return };
        let number = asked.operation;
        asked.left = Some(outcome.unwrap_or(0));
        if let Some(Operation { doing: Doing::Fetch { ended, .. }, .. }) = self.operations.get_mut(number) {
            *ended = outcome.map_or_else(Ended::Failed, |_| Ended::Answered);
        }
        if outcome.unwrap_or(0) == 0 {
            self.returned(number, event, moments);
        }
    }

    fn take_settlement(&mut self, event: &Event, moments: &mut Vec<Moment>) {
        match &event.what {
            What::SettleCalled { delivery, kind, confirmed } => {
                let Some((slot, life, sequence)) = self.deliveries.get(delivery).copied() else { return };
                let stale = self.slots.get(slot).is_none_or(|(_, now)| *now != life);
                // Until it is known better, it may have had its effect or not.
                let outcome = Err(pubsub_core::ErrorKind::Timeout);
                let (kind, confirmed) = (kind.clone(), *confirmed);
                let doing = Doing::Settle { slot, sequence, kind, confirmed, outcome, stale };
                let number = self.call(event, doing, moments);
                self.settles.insert(*delivery, number);
            }
            What::SettleEnded { delivery, outcome } => {
                let Some(number) = self.settles.remove(delivery) else { return };
                if let Some(Operation { doing: Doing::Settle { outcome: told, .. }, .. }) =
                    self.operations.get_mut(number)
                {
                    *told = *outcome;
                }
                self.returned(number, event, moments);
            }
            What::ExtendCalled { delivery } => {
                let Some((slot, _, sequence)) = self.deliveries.get(delivery).copied() else { return };
                let number = self.call(event, Doing::Extend { slot, sequence }, moments);
                self.extends.insert(*delivery, number);
            }
            What::ExtendEnded { delivery, .. } => {
                if let Some(number) = self.extends.remove(delivery) {
                    self.returned(number, event, moments);
                }
            }
            What::HandedBack { delivery } => {
                if let Some((slot, _, sequence)) = self.deliveries.get(delivery).copied() {
                    self.at_once(event, Doing::GiveBack { slot, sequence }, moments);
                }
            }
            _ => {}
        }
    }
}

/// Whether nobody looks at the same again before anything else happens. Counters may lag behind: who polls them says with
/// the next look that this one does not count.
fn is_last_look(event: &Event, rest: &[Event]) -> bool {
    let of = |what: &What| match what {
        What::ConsumerSeen { key, .. } => Some((key.stream.clone(), Some(key.consumer.clone()))),
        What::StreamSeen { stream, .. } => Some((stream.clone(), None)),
        _ => None,
    };
    let is_look = |event: &&Event| {
        matches!(event.what, What::LookCalled { .. } | What::ConsumerSeen { .. } | What::StreamSeen { .. })
    };
    let this = of(&event.what);
    !rest.iter().take_while(is_look).any(|other| of(&other.what) == this)
}
