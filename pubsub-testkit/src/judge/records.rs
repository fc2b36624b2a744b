//! A history put in order for judging: publishes, deliveries and settlements as wholes instead of events.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use pubsub_core::{AckPolicy, Headers, OnDrop, OutboundMessage, SettlementKind};

use super::life::{ConsumerFacts, ConsumerLife, Lives, StreamFacts, StreamLife};
use crate::harness::StoreFault;
use crate::history::counts::{ConsumerCounts, StreamCounts};
use crate::history::event::{Event, Number, Published, Received, What};

/// A place in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) order: usize,
    pub(super) at: Duration,
}

impl From<&Event> for Point {
    fn from(event: &Event) -> Self {
        Self { order: event.order, at: event.at }
    }
}

#[derive(Debug)]
pub(super) struct Publish<'a> {
    pub(super) publisher: Number,
    pub(super) message: &'a OutboundMessage,
    /// When its schedule is due, if that is a point in time.
    pub(super) due: Option<Duration>,
    /// Whether the backend may have tried it again.
    may_retry: bool,
    /// It was told that it is a duplicate, and can only be one of itself: of a try whose answer was lost.
    of_itself: bool,
    pub(super) called: Point,
    pub(super) accepted: Option<Point>,
    pub(super) ended: Option<(Point, &'a Published)>,
    /// The life of the stream that answered.
    pub(super) stream: Option<StreamLife>,
}

impl<'a> Publish<'a> {
    /// Where it was stored: its stream, its sequence, and when that was known.
    pub(super) fn stored(&self) -> Option<(StreamLife, u64, Point)> {
        match (self.stream, self.ended) {
            (Some(stream), Some((point, Published::Stored { sequence: Some(sequence), .. }))) => {
                Some((stream, *sequence, point))
            }
            (Some(stream), Some((point, Published::Duplicate { sequence: Some(sequence), .. })))
                if self.of_itself =>
            {
                Some((stream, *sequence, point))
            }
            _ => None,
        }
    }

    /// Whether the backend may have given it a message id, to try it again under.
    pub(super) fn may_get_id(&self) -> bool {
        self.may_retry && self.message.id.is_none()
    }

    /// Whether it was called a duplicate, and nothing else was published that it can be one of.
    fn is_duplicate_of_itself(&self, place: usize, all: &[Self]) -> bool {
        let is_duplicate = matches!(self.ended, Some((_, Published::Duplicate { .. })));
        // An id that the backend has made is nobody else's.
        let original = |other: &Self| {
            self.id().is_some()
                && other.id() == self.id()
                && (other.may_be_stored() || other.stored().is_some())
        };
        self.may_retry
            && is_duplicate
            && !all.iter().enumerate().any(|(at, other)| at != place && original(other))
    }

    /// Whether it may have been stored without a receipt that says where.
    pub(super) fn may_be_stored(&self) -> bool {
        match self.ended {
            None
            | Some((
                _,
                Published::Unknown { .. } | Published::Unconfirmed | Published::Stored { sequence: None, .. },
            )) => true,
            Some(_) => false,
        }
    }

    pub(super) fn id(&self) -> Option<&'a str> {
        self.message.id.as_ref().map(pubsub_core::MessageId::as_str)
    }
}

/// A fetch or a subscription.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) consumer: ConsumerLife,
    pub(super) called: Point,
    pub(super) on_drop: Option<OnDrop>,
    /// A subscription goes on after a reset of its consumer.
    is_subscription: bool,
}

#[derive(Debug)]
pub(super) struct Settle<'a> {
    pub(super) kind: &'a SettlementKind,
    pub(super) confirmed: bool,
    pub(super) called: Point,
    pub(super) succeeded: Option<Point>,
}

#[derive(Debug)]
pub(super) struct Delivered<'a> {
    pub(super) ask_number: Number,
    pub(super) ask: Ask,
    pub(super) point: Point,
    pub(super) message: &'a Received,
    pub(super) settle: Option<Settle<'a>>,
    /// Calls of `extend` that succeeded.
    pub(super) extended: Vec<Point>,
    pub(super) abandoned: Option<Point>,
    pub(super) handed_back: Option<Point>,
    /// The events about this delivery.
    pub(super) events: Vec<usize>,
}

impl Delivered<'_> {
    /// Where it was asked for early: nakked, handed back, or dropped where dropping naks.
    pub(super) fn given_back(&self) -> Option<Point> {
        let nakked = self.settle.as_ref().filter(|settle| matches!(settle.kind, SettlementKind::Nak { .. }));
        let dropped = self.abandoned.filter(|_| self.ask.on_drop != Some(OnDrop::Redeliver));
        nakked.map(|settle| settle.called).or(self.handed_back).or(dropped)
    }
}

/// How long a fetch or a subscription went on, in places of the history.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) consumer: ConsumerLife,
    pub(super) called: usize,
    pub(super) is_subscription: bool,
    /// It has returned messages, or none: nothing was on its way to it afterwards.
    pub(super) answered: Option<usize>,
}

/// Counters, as they were at some moment between two places of the history.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) called: usize,
    pub(super) ended: usize,
    pub(super) seen: Seen,
}

#[derive(Debug)]
pub(super) enum Seen {
    Consumer(ConsumerLife, ConsumerCounts),
    Stream(StreamLife, StreamCounts),
}

/// One message of one consumer.
pub(super) type MessageKey = (ConsumerLife, u64);

#[derive(Debug)]
pub(super) struct Records<'a> {
    pub(super) events: &'a [Event],
    pub(super) streams: Vec<StreamFacts<'a>>,
    pub(super) consumers: Vec<ConsumerFacts<'a>>,
    pub(super) publishes: Vec<Publish<'a>>,
    /// In the order of the history.
    pub(super) deliveries: Vec<Delivered<'a>>,
    /// The publish that was stored at a sequence of a stream.
    pub(super) stored: HashMap<(StreamLife, u64), usize>,
    /// The deliveries of each message to each consumer, as places in `deliveries`, by attempt.
    pub(super) messages: BTreeMap<MessageKey, Vec<usize>>,
    /// The plain messages that came to listeners.
    pub(super) heard: Vec<Heard<'a>>,
    /// The group of each listener that is in one.
    pub(super) groups: HashMap<Number, &'a str>,
    /// The fetches and subscriptions, in the order of their beginning.
    pub(super) asked: Vec<Asked>,
    /// What was seen of counters.
    pub(super) looks: Vec<Look>,
    /// What happened to the store.
    pub(super) faults: Vec<Faulted>,
    /// The publishes that replace others, as places in `publishes`. Few have any.
    rollups: Vec<usize>,
}

/// Something that happened to the store, from one place of the history until it was healed at another.
#[derive(Debug)]
pub(super) struct Faulted {
    fault: StoreFault,
    from: usize,
    to: usize,
}

impl Faulted {
    fn is_crash(&self) -> bool {
        matches!(self.fault, StoreFault::Crash | StoreFault::LeaderLost)
    }

    fn is_within(&self, from: usize, to: usize) -> bool {
        self.from < to && from < self.to
    }
}

/// A plain message that came to a listener.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    pub(super) listener: Number,
    pub(super) subject: &'a str,
    pub(super) payload: &'a Bytes,
    pub(super) headers: &'a Headers,
    pub(super) order: usize,
}

impl<'a> Records<'a> {
    pub(super) fn of(events: &'a [Event]) -> Self {
        let mut reading = Reading::default();
        for event in events {
            reading.lives.follow(event);
            reading.read(event);
        }
        reading.finish(events)
    }

    /// The publishes that replace others.
    pub(super) fn rollups(&self) -> impl Iterator<Item = &Publish<'a>> {
        self.rollups.iter().filter_map(|place| self.publishes.get(*place))
    }

    /// Whether the store has crashed. It may have forgotten settlements and attempts of the moments before (measured on
    /// nats-server 2.15.1: the last 50 ms of confirmed ones), not what it has stored.
    pub(super) fn has_crashed(&self) -> bool {
        self.faults.iter().any(Faulted::is_crash)
    }

    /// Whether the store has crashed between these places.
    pub(super) fn crashed_between(&self, from: usize, to: usize) -> bool {
        self.faults.iter().any(|faulted| faulted.is_crash() && faulted.is_within(from, to))
    }

    /// Whether the store may have sent this before a crash, so that it may have sent it once more after it: what a subscription
    /// holds ready is handed out later.
    pub(super) fn is_perhaps_from_before_a_crash(&self, delivered: &Delivered<'_>) -> bool {
        let key = (delivered.ask.consumer, delivered.message.stream_sequence);
        let published = self.publish_of(key).map_or(0, |publish| publish.called.order);
        self.crashed_between(delivered.ask.called.order.max(published), delivered.point.order)
    }

    /// Whether something happened to the store between these places, so that what nobody confirmed may be lost.
    pub(super) fn faulted_between(&self, from: usize, to: usize) -> bool {
        self.faults.iter().any(|faulted| faulted.is_within(from, to))
    }

    pub(super) fn consumer(&self, life: ConsumerLife) -> Option<&ConsumerFacts<'a>> {
        self.consumers.get(life)
    }

    /// The deliveries of a message to a consumer, by attempt.
    pub(super) fn attempts<'s>(&'s self, places: &'s [usize]) -> impl Iterator<Item = &'s Delivered<'a>> {
        places.iter().filter_map(|place| self.deliveries.get(*place))
    }

    /// The publish of a message of a consumer, if its receipt told the sequence.
    pub(super) fn publish_of(&self, (consumer, sequence): MessageKey) -> Option<&Publish<'a>> {
        let stream = self.consumer(consumer)?.stream;
        self.stored.get(&(stream, sequence)).and_then(|place| self.publishes.get(*place))
    }

    /// For how long the broker waits for the settlement of this delivery; `None` if that cannot be told.
    pub(super) fn ack_wait(&self, delivered: &Delivered<'_>) -> Option<Duration> {
        let consumer = self.consumer(delivered.ask.consumer).filter(|consumer| !consumer.changed)?;
        let config = consumer.config.filter(|config| config.ack != AckPolicy::None)?;
        // The n-th of the backoff after the n-th delivery, and the last one for all that follow.
        let last = config.backoff.len().checked_sub(1);
        let attempt = usize::try_from(delivered.message.attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let backoff = last.and_then(|last| config.backoff.get(attempt.min(last)));
        Some(backoff.copied().unwrap_or(config.ack_wait))
    }

    /// A time before which the broker cannot have handed out this delivery.
    pub(super) fn earliest(&self, delivered: &Delivered<'_>) -> Duration {
        let key = (delivered.ask.consumer, delivered.message.stream_sequence);
        let published = self.publish_of(key).map_or(Duration::ZERO, |publish| publish.called.at);
        delivered.ask.called.at.max(published)
    }
}

#[derive(Debug, Default)]
struct Reading<'a> {
    lives: Lives<'a>,
    publishes: Vec<Publish<'a>>,
    publish_places: HashMap<Number, usize>,
    asks: HashMap<Number, Ask>,
    deliveries: Vec<Delivered<'a>>,
    delivery_places: HashMap<Number, usize>,
    heard: Vec<Heard<'a>>,
    groups: HashMap<Number, &'a str>,
    asked: Vec<Asked>,
    asked_places: HashMap<Number, usize>,
    looks_called: HashMap<Number, usize>,
    looks: Vec<Look>,
    faults: Vec<Faulted>,
}

impl<'a> Reading<'a> {
    fn publish(&mut self, number: Number) -> Option<&mut Publish<'a>> {
        self.publish_places.get(&number).and_then(|place| self.publishes.get_mut(*place))
    }

    fn delivery(&mut self, number: Number, event: &Event) -> Option<&mut Delivered<'a>> {
        let delivered =
            self.delivery_places.get(&number).and_then(|place| self.deliveries.get_mut(*place))?;
        delivered.events.push(event.order);
        Some(delivered)
    }

    fn read(&mut self, event: &'a Event) {
        let point = Point::from(event);
        match &event.what {
            What::PublishCalled { publish, publisher, message, due_in, may_retry } => {
                self.publish_places.insert(*publish, self.publishes.len());
                self.publishes.push(Publish {
                    publisher: *publisher,
                    message,
                    due: due_in.map(|ahead| event.at + ahead),
                    may_retry: *may_retry,
                    of_itself: false,
                    called: point,
                    accepted: None,
                    ended: None,
                    stream: None,
                });
            }
            What::PublishAccepted { publish } => {
                if let Some(publish) = self.publish(*publish) {
                    publish.accepted = Some(point);
                }
            }
            What::PublishEnded { publish, outcome } => {
                let stream = match outcome {
                    Published::Stored { stream, .. } | Published::Duplicate { stream, .. } => {
                        Some(self.lives.stream(stream))
                    }
                    _ => None,
                };
                if let Some(publish) = self.publish(*publish) {
                    publish.ended = Some((point, outcome));
                    publish.stream = stream;
                }
            }
            What::Asked { ask, key, options, .. } => {
                let consumer = self.lives.consumer(key, event.order);
                self.asked_places.insert(*ask, self.asked.len());
                let is_subscription = options.is_none();
                self.asked.push(Asked { consumer, called: event.order, is_subscription, answered: None });
                let on_drop = options.as_ref().map(|options| options.on_drop);
                self.asks.insert(*ask, Ask { consumer, called: point, on_drop, is_subscription });
            }
            What::Answered { ask, outcome: Ok(_) } => {
                let place = self.asked_places.get(ask).copied();
                if let Some(asked) = place.and_then(|place| self.asked.get_mut(place)) {
                    asked.answered = Some(event.order);
                }
            }
            What::Answered { ask, outcome: Err(_) } | What::AskDropped { ask } => {
                let consumer = self.asks.get(ask).map(|ask| ask.consumer);
                if let Some(facts) = consumer.and_then(|life| self.lives.consumers.get_mut(life)) {
                    facts.interrupted = true;
                }
            }
            What::Delivered { delivery, ask, message } => {
                if let Some(asked) = self.asks.get(ask) {
                    let mut asked = asked.clone();
                    if asked.is_subscription {
                        asked.consumer = self.lives.since_reset(asked.consumer);
                    }
                    self.delivery_places.insert(*delivery, self.deliveries.len());
                    self.deliveries.push(Delivered {
                        ask_number: *ask,
                        ask: asked,
                        point,
                        message,
                        settle: None,
                        extended: Vec::new(),
                        abandoned: None,
                        handed_back: None,
                        events: vec![event.order],
                    });
                }
            }
            What::Listening { listener, group: Some(group) } => {
                self.groups.insert(*listener, group);
            }
            What::Heard { listener, subject, payload, headers } => {
                self.heard.push(Heard { listener: *listener, subject, payload, headers, order: event.order });
            }
            What::Faulted { fault } => {
                self.faults.push(Faulted { fault: *fault, from: event.order, to: usize::MAX });
            }
            What::Healed => {
                for faulted in self.faults.iter_mut().filter(|faulted| faulted.to == usize::MAX) {
                    faulted.to = event.order;
                }
            }
            What::LookCalled { look } => {
                self.looks_called.insert(*look, event.order);
            }
            What::ConsumerSeen { look, key, counts } => {
                let life = self.lives.consumer(key, event.order);
                self.has_seen(*look, event, Seen::Consumer(life, *counts));
            }
            What::StreamSeen { look, stream, counts } => {
                let life = self.lives.stream(stream);
                self.has_seen(*look, event, Seen::Stream(life, *counts));
            }
            _ => self.read_settlement(event, point),
        }
    }

    fn has_seen(&mut self, look: Number, event: &Event, seen: Seen) {
        if let Some(called) = self.looks_called.get(&look) {
            self.looks.push(Look { called: *called, ended: event.order, seen });
        }
    }

    fn read_settlement(&mut self, event: &'a Event, point: Point) {
        match &event.what {
            What::SettleCalled { delivery, kind, confirmed } => {
                if let Some(delivered) = self.delivery(*delivery, event) {
                    let settle = Settle { kind, confirmed: *confirmed, called: point, succeeded: None };
                    delivered.settle = Some(settle);
                }
            }
            What::SettleEnded { delivery, outcome } => {
                let settle = self.delivery(*delivery, event).and_then(|delivered| delivered.settle.as_mut());
                if let (Some(settle), Ok(())) = (settle, outcome) {
                    settle.succeeded = Some(point);
                }
            }
            What::ExtendCalled { delivery } => {
                // Counted from the call: the broker cannot have extended before it.
                if let Some(delivered) = self.delivery(*delivery, event) {
                    delivered.extended.push(point);
                }
            }
            What::ExtendEnded { delivery, outcome } => {
                if let (Some(delivered), Err(_)) = (self.delivery(*delivery, event), outcome) {
                    delivered.extended.pop();
                }
            }
            What::Abandoned { delivery } => {
                if let Some(delivered) = self.delivery(*delivery, event) {
                    delivered.abandoned = Some(point);
                }
            }
            What::HandedBack { delivery } => {
                if let Some(delivered) = self.delivery(*delivery, event) {
                    delivered.handed_back = Some(point);
                }
            }
            _ => {}
        }
    }

    /// Finds out which publishes are duplicates of their own first tries. Of several with one id, the first is.
    fn find_what_was_tried_again(&mut self) {
        for place in 0..self.publishes.len() {
            let of_itself = self
                .publishes
                .get(place)
                .is_some_and(|publish| publish.is_duplicate_of_itself(place, &self.publishes));
            if let Some(publish) = self.publishes.get_mut(place) {
                publish.of_itself = of_itself;
            }
        }
    }

    fn finish(mut self, events: &'a [Event]) -> Records<'a> {
        self.find_what_was_tried_again();
        for publish in &self.publishes {
            let goes_by_itself = publish.message.ttl().is_some()
                || publish.message.rollup().is_some()
                || publish.message.schedule().is_some();
            if let Some(facts) = publish.stream.and_then(|life| self.lives.streams.get_mut(life)) {
                facts.instructed |= goes_by_itself;
            }
        }
        if !self.faults.is_empty() {
            // Deliveries may have been lost on their way, to any of them.
            self.lives.consumers.iter_mut().for_each(|facts| facts.interrupted = true);
        }
        let mut messages: BTreeMap<MessageKey, Vec<usize>> = BTreeMap::new();
        for (place, delivered) in self.deliveries.iter().enumerate() {
            let key = (delivered.ask.consumer, delivered.message.stream_sequence);
            messages.entry(key).or_default().push(place);
        }
        for places in messages.values_mut() {
            // Stable: of one attempt that came twice, the first stays first.
            places
                .sort_by_key(|place| self.deliveries.get(*place).map(|delivered| delivered.message.attempt));
        }
        let stored = self.publishes.iter().enumerate();
        let stored = stored.filter_map(|(place, publish)| {
            publish.stored().map(|(stream, sequence, _)| ((stream, sequence), place))
        });
        let rollups = self.publishes.iter().enumerate();
        let rollups =
            rollups.filter(|(_, publish)| publish.message.rollup().is_some()).map(|(place, _)| place);
        Records {
            events,
            rollups: rollups.collect(),
            stored: stored.collect(),
            streams: self.lives.streams,
            consumers: self.lives.consumers,
            heard: self.heard,
            groups: self.groups,
            publishes: self.publishes,
            deliveries: self.deliveries,
            messages,
            asked: self.asked,
            looks: self.looks,
            faults: self.faults,
        }
    }
}
