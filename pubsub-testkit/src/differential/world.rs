//! One backend as a sequence sees it: [`World`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{
    Broker, Consumer, ConsumerConfig, ConsumerInfo, ConsumerName, CoreMessage, CoreSubscribeOptions,
    DeliverPolicy, Delivery, Error, Limit, Publisher, Result, Retention, Storage, StreamAdmin, StreamConfig,
    StreamName, Subject, SubjectFilter,
};
use tokio::time::{Instant, timeout};

use super::grid::{BUDGET, MOMENT, NEVER, TICK};
use super::observation::refusal;
use super::show;
use crate::harness::{Clock, Harness};

/// How an operation names a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConsumerRef {
    Named(&'static str),
    /// The n-th that was created without a name.
    Unnamed(usize),
}

impl fmt::Display for ConsumerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Unnamed(number) => write!(f, "#{number}"),
        }
    }
}

/// A connection, what is known of the store behind it, and the deliveries that wait for a settlement.
#[derive(Debug)]
pub(super) struct World {
    harness: Arc<dyn Harness>,
    pub(super) broker: Arc<dyn Broker>,
    pub(super) admin: Arc<dyn StreamAdmin>,
    pub(super) publisher: Arc<dyn Publisher>,
    /// Oldest first.
    pub(super) held: Vec<Held>,
    /// The consumers that the broker has named, in the order of their creation; `None` where that failed.
    unnamed: Vec<Option<Unnamed>>,
    lives: BTreeMap<(StreamName, ConsumerName), Life>,
    /// Streams from which time removes messages.
    aged: BTreeSet<StreamName>,
    /// Consumers that may have exhausted a message: where the floor is then, no version of the server agrees with the next.
    may_exhaust: BTreeSet<(StreamName, ConsumerName)>,
    /// Streams that keep messages for their consumers only.
    by_interest: BTreeSet<StreamName>,
    /// Consumers that were created to start beyond the end of their stream.
    ahead: BTreeSet<(StreamName, ConsumerName)>,
    /// Consumers whose undelivered messages a server counts more or less: those above, since it counts what comes before
    /// their start too, and those that start with the last message of each subject.
    uncounted: BTreeSet<(StreamName, ConsumerName)>,
    /// The streams that exist.
    streams: BTreeSet<StreamName>,
    /// By the name that each consumer has here.
    handles: BTreeMap<(StreamName, ConsumerName), Arc<dyn Consumer>>,
    /// A plain subscription to what streams publish again.
    ears: Option<Ears>,
    /// Where each consumer that starts with the last of each subject found its stream.
    picky: BTreeMap<(StreamName, ConsumerName), Found>,
    /// When each consumer delivered first.
    delivered_since: BTreeMap<(StreamName, ConsumerName), Instant>,
    /// The wall clock at the first point of the grid.
    pub(super) began: SystemTime,
}

/// Never locked: only one at a time has the world.
struct Ears(Mutex<BoxStream<'static, Result<CoreMessage>>>);

impl Ears {
    async fn next(&mut self) -> Option<Result<CoreMessage>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).next().await
    }
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ears")
    }
}

/// The end of a stream, and how many messages it had lost by then.
#[derive(Debug, Clone, Copy)]
struct Found {
    last: u64,
    lost: u64,
}

/// A consumer with a name of the broker's choice.
#[derive(Debug)]
struct Unnamed {
    stream: StreamName,
    name: ConsumerName,
    is_gone: bool,
}

/// Which of the consumers of one name exists: what a settlement for an earlier one does is nobody's promise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Life {
    number: u64,
    is_over: bool,
}

/// A delivery that was received and not settled.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) delivery: Delivery,
    stream: StreamName,
    consumer: ConsumerName,
    life: u64,
}

impl World {
    /// Connects to an empty store; what an earlier sequence has left is deleted. Also says what time it is there.
    pub(super) async fn open(harness: Arc<dyn Harness>) -> Result<(Self, SystemTime)> {
        let broker = harness.connect().await?;
        let admin = broker.admin().ok_or_else(|| Error::unsupported("stream_admin"))?;
        let mut world = Self {
            harness,
            publisher: broker.publisher(),
            broker,
            admin,
            held: Vec::new(),
            unnamed: Vec::new(),
            lives: BTreeMap::new(),
            aged: BTreeSet::new(),
            may_exhaust: BTreeSet::new(),
            by_interest: BTreeSet::new(),
            ahead: BTreeSet::new(),
            uncounted: BTreeSet::new(),
            delivered_since: BTreeMap::new(),
            streams: BTreeSet::new(),
            handles: BTreeMap::new(),
            picky: BTreeMap::new(),
            ears: None,
            began: SystemTime::now(),
        };
        world.clear().await?;
        world.listen().await?;
        let now = match world.harness.clock() {
            Clock::Real => SystemTime::now(),
            Clock::Virtual => world.time().await?,
        };
        Ok((world, now))
    }

    /// The broker's own time, which only its answers tell.
    async fn time(&self) -> Result<SystemTime> {
        let config = StreamConfig::new("clock", ["clock"])?
            .with_max_age(Limit::Unlimited)
            .with_max_bytes(Limit::Unlimited)
            .with_max_messages(Limit::Unlimited);
        let created = self.admin.create_stream(config).await?.created;
        self.clear().await?;
        Ok(created)
    }

    /// Closes this connection and opens another one. Deliveries of the old one can be kept.
    pub(super) async fn reconnect(&mut self) -> Result<()> {
        self.broker.close().await?;
        self.broker = self.harness.connect().await?;
        self.admin = self.broker.admin().ok_or_else(|| Error::unsupported("stream_admin"))?;
        self.publisher = self.broker.publisher();
        self.handles.clear();
        self.listen().await
    }

    async fn listen(&mut self) -> Result<()> {
        self.ears = None;
        if let Some(messaging) = self.broker.core() {
            let filter = SubjectFilter::new("again.>")?;
            let ears = messaging.subscribe(filter, CoreSubscribeOptions::default()).await?;
            messaging.flush().await?;
            self.ears = Some(Ears(Mutex::new(ears)));
        }
        Ok(())
    }

    /// Leaves an empty store.
    pub(super) async fn close(mut self) -> Result<()> {
        self.held.clear();
        self.clear().await?;
        self.broker.close().await
    }

    async fn clear(&self) -> Result<()> {
        for stream in self.admin.list_streams().await? {
            self.admin.delete_stream(&stream.config.name).await?;
        }
        Ok(())
    }

    /// The name that a reference stands for here; for one that never was, a name that nobody has.
    pub(super) fn name(&self, stream: &StreamName, consumer: ConsumerRef) -> Result<ConsumerName> {
        match consumer {
            ConsumerRef::Named(name) => ConsumerName::new(name),
            ConsumerRef::Unnamed(number) => match self.unnamed.get(number) {
                Some(Some(known)) if known.stream == *stream && !known.is_gone => Ok(known.name.clone()),
                _ => ConsumerName::new("nobody"),
            },
        }
    }

    /// What a consumer is called in an observation: by its name, or by the number of its creation.
    pub(super) fn label(&self, stream: &StreamName, consumer: &ConsumerName) -> String {
        // The latest: a broker may use a name again.
        let is_it = |known: &Option<Unnamed>| {
            known.as_ref().is_some_and(|known| known.stream == *stream && known.name == *consumer)
        };
        match self.unnamed.iter().rposition(is_it) {
            Some(number) => ConsumerRef::Unnamed(number).to_string(),
            None => consumer.to_string(),
        }
    }

    pub(super) async fn consumer(
        &self,
        stream: &StreamName,
        consumer: ConsumerRef,
    ) -> Result<Arc<dyn Consumer>> {
        self.broker.consumer(stream, &self.name(stream, consumer)?).await
    }

    /// The first handle that this connection had of a consumer of this name, which may be one of before.
    pub(super) async fn old_consumer(
        &mut self,
        stream: &StreamName,
        consumer: ConsumerRef,
    ) -> Result<Arc<dyn Consumer>> {
        let key = (stream.clone(), self.name(stream, consumer)?);
        if let Some(old) = self.handles.get(&key) {
            return Ok(Arc::clone(old));
        }
        let new = self.broker.consumer(stream, &key.1).await?;
        self.handles.insert(key, Arc::clone(&new));
        Ok(new)
    }

    /// What streams have published again since this was asked last.
    pub(super) async fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        if let Some(ears) = &mut self.ears {
            while let Ok(Some(next)) = timeout(MOMENT, ears.next()).await {
                heard.push(match next {
                    Ok(message) => show::plain(&message),
                    Err(error) => refusal(&error),
                });
            }
        }
        heard
    }

    /// A stream was created, or found.
    pub(super) fn stream_begins(&mut self, config: &StreamConfig) {
        // Handles of an earlier stream of its name are not compared.
        let is_new = !self.streams.contains(&config.name);
        self.handles.retain(|(of, _), _| !is_new || *of != config.name);
        self.streams.insert(config.name.clone());
        self.stream_is(config);
    }

    /// Takes note of a stream's configuration.
    pub(super) fn stream_is(&mut self, config: &StreamConfig) {
        let ages = config.max_age != Limit::Unlimited || config.allow_message_ttl;
        note(&mut self.aged, &config.name, ages);
        note(&mut self.by_interest, &config.name, config.retention == Retention::Interest);
    }

    /// Whether a stream would be by interest and have consumers that begin beyond its end. nats-server 2.15.1 then removes
    /// messages that others have not read, which nobody should copy.
    pub(super) fn is_spared(&self, stream: &StreamName, by_interest: bool, ahead: bool) -> bool {
        let by_interest = by_interest || self.by_interest.contains(stream);
        by_interest && (ahead || self.ahead.iter().any(|(of, _)| of == stream))
    }

    /// Whether time removes messages from it.
    pub(super) fn ages(&self, stream: &StreamName) -> bool {
        self.aged.contains(stream)
    }

    pub(super) fn stream_is_gone(&mut self, stream: &StreamName) {
        self.aged.remove(stream);
        self.streams.remove(stream);
        self.may_exhaust.retain(|(of, _)| of != stream);
        self.by_interest.remove(stream);
        self.ahead.retain(|(of, _)| of != stream);
        self.picky.retain(|(of, _), _| of != stream);
        self.uncounted.retain(|(of, _)| of != stream);
        for known in self.unnamed.iter_mut().flatten() {
            known.is_gone |= known.stream == *stream;
        }
        for (_, life) in self.lives.iter_mut().filter(|((of, _), _)| of == stream) {
            life.number += 1;
        }
    }

    /// A consumer without a name was asked for; what came of it.
    pub(super) fn unnamed_is(&mut self, stream: &StreamName, name: Option<ConsumerName>) {
        let stream = stream.clone();
        self.unnamed.push(name.map(|name| Unnamed { stream, name, is_gone: false }));
    }

    /// Takes note of a consumer's configuration.
    pub(super) fn consumer_is(&mut self, stream: &StreamName, name: &ConsumerName, config: &ConsumerConfig) {
        let key = (stream.clone(), name.clone());
        if !config.max_deliver.is_unlimited() {
            self.may_exhaust.insert(key.clone());
        }
        let life = self.lives.entry(key.clone()).or_default();
        if std::mem::take(&mut life.is_over) {
            life.number += 1;
            // Until now its deliveries could be shown.
            self.uncounted.remove(&key);
            // A handle is not one of the next consumer of its name, except on a server.
            self.handles.remove(&key);
        }
    }

    pub(super) fn consumer_is_gone(&mut self, stream: &StreamName, name: &ConsumerName) {
        let key = (stream.clone(), name.clone());
        self.may_exhaust.remove(&key);
        self.ahead.remove(&key);
        self.picky.remove(&key);
        self.lives.entry(key).or_default().is_over = true;
        for known in self.unnamed.iter_mut().flatten() {
            known.is_gone |= known.stream == *stream && known.name == *name;
        }
    }

    /// A consumer was created that starts with the last message of each subject.
    pub(super) async fn picks(&mut self, stream: &StreamName, name: &ConsumerName) {
        if let Ok(info) = self.admin.stream_info(stream).await {
            let found =
                Found { last: info.last_sequence, lost: info.last_sequence.saturating_sub(info.messages) };
            self.picky.entry((stream.clone(), name.clone())).or_insert(found);
        }
    }

    /// How far the stream has come, to be asked before a consumer is created.
    pub(super) async fn last_sequence(&self, stream: &StreamName) -> u64 {
        self.admin.stream_info(stream).await.map_or(0, |info| info.last_sequence)
    }

    /// Takes note of where a consumer starts in a stream that had come so far.
    pub(super) fn consumer_starts(
        &mut self,
        stream: &StreamName,
        name: &ConsumerName,
        deliver: DeliverPolicy,
        last: u64,
    ) {
        let key = (stream.clone(), name.clone());
        if is_ahead(deliver, last) {
            self.ahead.insert(key.clone());
        }
        if is_ahead(deliver, last) || deliver == DeliverPolicy::LastPerSubject {
            self.uncounted.insert(key);
        }
    }

    /// The stream that stores what is published to a subject.
    pub(super) async fn taker(&self, subject: &Subject) -> Option<StreamName> {
        let streams = self.admin.list_streams().await.unwrap_or_default();
        let taker = streams.into_iter().find(|info| info.config.takes(subject.as_str()));
        taker.map(|info| info.config.name)
    }

    /// Whether a consumer of the stream may have redeliveries in its queue. A purge sends them back to wait for a timer of
    /// the server that goes off again and again, perhaps within a burst.
    pub(super) async fn may_redeliver(&self, stream: &StreamName) -> bool {
        let Ok(consumers) = self.admin.list_consumers(stream).await else {
            return false;
        };
        consumers.iter().any(|info| {
            let is_short = info.config.ack_wait < NEVER || !info.config.backoff.is_empty();
            let since = self.delivered_since.get(&(stream.clone(), info.name.clone()));
            info.ack_pending > 0 && is_short && since.is_some_and(|since| since.elapsed() > BUDGET)
        })
    }

    /// A purge of one message by a wildcard has left the counts of a stream in files to themselves.
    pub(super) async fn loses_count(&mut self, stream: &StreamName) {
        let Ok(info) = self.admin.stream_info(stream).await else {
            return;
        };
        if info.config.storage != Storage::File {
            return;
        }
        let consumers = self.admin.list_consumers(stream).await.unwrap_or_default();
        let is_filtered =
            |info: &ConsumerInfo| info.config.filters.iter().any(|filter| filter.as_str() != ">");
        let filtered = consumers.into_iter().filter(is_filtered);
        self.uncounted.extend(filtered.map(|info| (stream.clone(), info.name)));
    }

    /// Whether a consumer was to begin with the last message of a subject, which has left the stream meanwhile. Where a
    /// server finds none it delivers nothing until something wakes it, although there are others.
    pub(super) async fn may_miss(&self, stream: &StreamName, consumer: ConsumerRef) -> bool {
        let Ok(name) = self.name(stream, consumer) else {
            return false;
        };
        let Some(found) = self.picky.get(&(stream.clone(), name.clone())) else {
            return false;
        };
        match (self.admin.stream_info(stream).await, self.admin.consumer_info(stream, &name).await) {
            (Ok(info), Ok(consumer)) => {
                info.last_sequence.saturating_sub(info.messages) > found.lost
                    && consumer.delivered.stream < found.last
            }
            _ => false,
        }
    }

    pub(super) fn is_counted(&self, stream: &StreamName, consumer: &ConsumerName) -> bool {
        !self.uncounted.contains(&(stream.clone(), consumer.clone()))
    }

    pub(super) fn may_exhaust(&self, stream: &StreamName, consumer: &ConsumerName) -> bool {
        self.may_exhaust.contains(&(stream.clone(), consumer.clone()))
    }

    /// Keeps a delivery to be settled later.
    pub(super) fn hold(&mut self, delivery: Delivery) {
        let (stream, consumer) = (delivery.info().stream.clone(), delivery.info().consumer.clone());
        let life = self.life(&stream, &consumer);
        self.delivered_since.entry((stream.clone(), consumer.clone())).or_insert_with(Instant::now);
        self.held.push(Held { delivery, stream, consumer, life });
    }

    /// Takes the delivery that was received as the n-th last, if it is one that can be settled.
    pub(super) fn take_held(&mut self, back: usize) -> Option<Delivery> {
        for held in std::mem::take(&mut self.held) {
            if self.life(&held.stream, &held.consumer) == held.life {
                self.held.push(held);
            } else {
                // Not dropped as a delivery: that could nak it.
                drop(held.delivery.into_message());
            }
        }
        let last = self.held.len().checked_sub(1)?;
        let at = last - back.min(last);
        Some(self.held.remove(at).delivery)
    }

    fn life(&self, stream: &StreamName, consumer: &ConsumerName) -> u64 {
        self.lives.get(&(stream.clone(), consumer.clone())).copied().unwrap_or_default().number
    }

    /// At or after which point of the grid a time is, by this side's wall clock.
    pub(super) fn point(&self, time: SystemTime) -> String {
        // A server's clock may be a little behind the one that the grid began with.
        let since = time.duration_since(self.began).unwrap_or_default() + Duration::from_millis(100);
        (since.as_millis() / TICK.as_millis()).to_string()
    }

    /// A time that this side was told or has computed itself, to the tenth of a second.
    pub(super) fn moment(&self, time: SystemTime) -> String {
        let tenths = |span: Duration| (span.as_millis() + 50) / 100;
        match time.duration_since(self.began) {
            Ok(since) => format!("after {} tenths", tenths(since)),
            Err(before) => format!("{} tenths before", tenths(before.duration())),
        }
    }

    /// The wall clock 900 ms after a point of the grid, where nothing happens.
    pub(super) fn quiet_time(&self, point: u32) -> SystemTime {
        self.began + TICK * point + Duration::from_millis(900)
    }

    /// The wall clock 400 ms after a point of the grid, where something may happen.
    pub(super) fn due_time(&self, point: u32) -> SystemTime {
        self.began + TICK * point + Duration::from_millis(400)
    }
}

/// Whether that is beyond the end of a stream that has come so far.
pub(super) fn is_ahead(deliver: DeliverPolicy, last: u64) -> bool {
    matches!(deliver, DeliverPolicy::FromSequence(sequence) if sequence > last + 1)
}

fn note(set: &mut BTreeSet<StreamName>, stream: &StreamName, is_in: bool) {
    if is_in {
        set.insert(stream.clone());
    } else {
        set.remove(stream);
    }
}
