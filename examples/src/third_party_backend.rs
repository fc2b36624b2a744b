//! A backend as a third party writes it: streams that live in this process, and nothing that is optional.
//!
//! What it is asked for beyond the minimum (see [`Capabilities`]) it refuses with `Unsupported` before it does anything,
//! by the `check` of what it is given. What is not written here (subscriptions, batches, provisioning) the traits make
//! out of what is. A backend has to say how connections begin and end ([`Broker`]), what a publish stores
//! ([`Publisher`]), which streams and consumers there are ([`StreamAdmin`]), and which message comes next and how it is
//! settled ([`Consumer`]). `tests/third_party_conformance.rs` runs the suite on it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Capabilities, Consumer, ConsumerConfig, ConsumerInfo, ConsumerName, Delivery, DeliveryInfo,
    Error, ErrorKind, FetchOptions, Health, OutboundMessage, PendingReceipt, PublishOptions, Publisher,
    Receipt, Result, Settlement, SettlementKind, StoredMessage, StreamAdmin, StreamConfig, StreamInfo,
    StreamName, config::duration,
};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

const CAN: Capabilities = Capabilities::minimum();

/// A connection to a store that lives as long as its connections. One type is broker, publisher and administration.
#[derive(Debug, Clone, Default)]
pub struct ChannelBroker {
    streams: Arc<Mutex<BTreeMap<StreamName, Stream>>>,
    /// Wakes every waiting fetch, which then looks for itself whether there is something for it.
    changed: Arc<Notify>,
    closed: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Stream {
    info: StreamInfo,
    log: Vec<Arc<StoredMessage>>,
    consumers: BTreeMap<ConsumerName, Cursor>,
}

/// Where a durable consumer stands. A message goes from `fresh` to `open`, and from there away.
#[derive(Debug)]
struct Cursor {
    info: ConsumerInfo,
    fresh: VecDeque<Arc<StoredMessage>>,
    /// What was delivered and is not settled, by its sequence in the stream, and when it comes again.
    open: BTreeMap<u64, (Instant, DeliveryInfo, Arc<StoredMessage>)>,
}

impl ChannelBroker {
    /// Another connection to the same store; closing one does not close the other.
    #[must_use]
    pub fn connect(&self) -> Self {
        Self { closed: Arc::default(), ..self.clone() }
    }

    /// Every operation goes through here, so that none forgets that the connection may be closed.
    fn streams(&self) -> Result<MutexGuard<'_, BTreeMap<StreamName, Stream>>> {
        let lock = || self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let open = !self.closed.load(Ordering::Acquire);
        open.then(lock).ok_or_else(|| Error::closed("broker"))
    }

    fn on_stream<T>(&self, name: &StreamName, work: impl FnOnce(&mut Stream) -> T) -> Result<T> {
        self.streams()?.get_mut(name).map(work).ok_or_else(|| Error::stream_not_found(name))
    }
}

#[async_trait]
impl Broker for ChannelBroker {
    fn capabilities(&self) -> Capabilities {
        CAN
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        Arc::new(self.clone())
    }

    async fn consumer(&self, stream: &StreamName, name: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        let consumer = ChannelConsumer { broker: self.clone(), stream: stream.clone(), name: name.clone() };
        consumer.on_cursor(|_, _| ())?;
        Ok(Arc::new(consumer))
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        Some(Arc::new(self.clone()))
    }

    async fn health(&self) -> Health {
        self.streams().map_or_else(|closed| Health::unhealthy(closed.message()), |_| Health::healthy())
    }

    async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        self.changed.notify_waiters();
        Ok(())
    }
}

#[async_trait]
impl Publisher for ChannelBroker {
    async fn publish_with(&self, message: OutboundMessage, how: PublishOptions) -> Result<PendingReceipt> {
        how.check(CAN).and_then(|()| message.check(CAN))?;
        let mut streams = self.streams()?;
        let found = streams.values_mut().find(|stream| stream.info.config.takes(message.subject.as_str()));
        let Stream { info, log, consumers } = found.ok_or_else(|| Error::no_stream_for(&message.subject))?;
        let stored = Arc::new(message.into_stored(info.last_sequence + 1, SystemTime::now()));
        info.count_stored(&stored);
        for cursor in consumers.values_mut().filter(|cursor| cursor.info.config.sees(&stored.subject)) {
            cursor.fresh.push_back(Arc::clone(&stored));
        }
        log.push(stored);
        self.changed.notify_waiters();
        Ok(PendingReceipt::ready(Ok(Receipt::new(info.config.name.clone(), info.last_sequence, false))))
    }

    async fn flush(&self) -> Result<()> {
        self.streams().map(drop)
    }
}

#[async_trait]
impl StreamAdmin for ChannelBroker {
    async fn create_stream(&self, config: StreamConfig) -> Result<StreamInfo> {
        config.check(CAN)?;
        config.must_have_one_replica()?;
        let info = StreamInfo::new(config.clone(), SystemTime::now());
        let new = Stream { info, log: Vec::new(), consumers: BTreeMap::new() };
        self.streams().and_then(|mut streams| {
            streams.values().try_for_each(|other| config.must_be_disjoint(&other.info.config))?;
            config.must_equal(&streams.entry(config.name.clone()).or_insert(new).info.config)
        })?;
        self.stream_info(&config.name).await
    }

    async fn stream_info(&self, stream: &StreamName) -> Result<StreamInfo> {
        self.on_stream(stream, |Stream { info, log, consumers }| {
            info.consumers = consumers.len() as u64;
            info.subjects = log.iter().map(|message| &message.subject).collect::<BTreeSet<_>>().len() as u64;
            info.clone()
        })
    }

    async fn delete_stream(&self, stream: &StreamName) -> Result<()> {
        let deleted = self.streams()?.remove(stream);
        self.changed.notify_waiters(); // a waiting fetch learns that its consumer is gone
        deleted.map(drop).ok_or_else(|| Error::stream_not_found(stream))
    }

    async fn create_consumer(&self, stream: &StreamName, config: ConsumerConfig) -> Result<ConsumerInfo> {
        config.check(CAN)?;
        let name = config.must_have_a_name()?;
        self.on_stream(stream, |Stream { log, consumers, .. }| {
            let info = ConsumerInfo::new(stream.clone(), name.clone(), config.clone(), SystemTime::now());
            let fresh = log.iter().filter(|message| config.sees(&message.subject)).cloned().collect();
            let new = Cursor { info, fresh, open: BTreeMap::new() };
            config.must_equal(stream, &consumers.entry(name.clone()).or_insert(new).info.config)
        })??;
        self.consumer_info(stream, name).await
    }

    async fn consumer_info(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<ConsumerInfo> {
        self.consumer(stream, consumer).await?.info().await
    }

    async fn delete_consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<()> {
        let deleted = self.on_stream(stream, |stream| stream.consumers.remove(consumer))?;
        self.changed.notify_waiters();
        deleted.map(drop).ok_or_else(|| Error::consumer_not_found(stream, consumer))
    }
}

/// A handle on a consumer; the consumer itself is in the store.
#[derive(Debug, Clone)]
struct ChannelConsumer {
    broker: ChannelBroker,
    stream: StreamName,
    name: ConsumerName,
}

#[async_trait]
impl Consumer for ChannelConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        options.check(CAN)?;
        let expires = Instant::now() + options.expires.min(duration::MAX);
        loop {
            // Made before the look, so that what comes between the look and the wait ends the wait.
            let changed = self.broker.changed.notified();
            let (batch, due) = self.on_cursor(|cursor, now| {
                let next = std::iter::from_fn(|| self.deliver_next(cursor, now));
                let batch: Vec<_> = next.take(options.max_messages).collect();
                (batch, cursor.open.values().map(|(due, ..)| *due).min())
            })?;
            if !batch.is_empty() || Instant::now() >= expires {
                return Ok(batch);
            }
            // Nothing is held across this await: a fetch that is dropped here loses nothing.
            let _ = timeout_at(due.map_or(expires, |due| due.min(expires)), changed).await;
        }
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        self.on_cursor(|Cursor { info, fresh, open }, _| {
            info.pending = fresh.len() as u64;
            info.count_open(open.values().map(|(_, last, _)| last));
            info.clone()
        })
    }
}

impl ChannelConsumer {
    fn on_cursor<T>(&self, work: impl FnOnce(&mut Cursor, Instant) -> T) -> Result<T> {
        let now = Instant::now();
        let found = self.broker.on_stream(&self.stream, |stream| {
            let cursor = stream.consumers.get_mut(&self.name)?;
            // What has had its last attempt stays in the stream and never comes again here.
            cursor.open.retain(|_, (due, last, _)| *due > now || !cursor.info.config.is_last(last.attempt));
            Some(work(cursor, now))
        })?;
        found.ok_or_else(|| Error::consumer_not_found(&self.stream, &self.name))
    }

    /// First what is due again, the longest waiting first, then what is new.
    fn deliver_next(&self, cursor: &mut Cursor, now: Instant) -> Option<Delivery> {
        let due = cursor.open.values().filter(|(due, ..)| *due <= now).min_by_key(|(due, ..)| *due);
        let (attempt, message) = match due {
            Some((_, last, message)) => (last.attempt + 1, Arc::clone(message)),
            None => (1, cursor.fresh.pop_front()?),
        };
        let info = cursor.info.count_delivery(&message, attempt, cursor.fresh.len() as u64);
        let due = now + cursor.info.config.ack_wait;
        cursor.open.insert(message.sequence, (due, info.clone(), Arc::clone(&message)));
        let consumer = self.clone();
        Some(Delivery::from_stored(message, info, move |info, settlement| consumer.settle(info, settlement)))
    }

    /// Goes by sequence, as in JetStream: to settle an older delivery counts, to settle what is settled does nothing,
    /// nor is it an error that the consumer is gone.
    fn settle(&self, info: &DeliveryInfo, settlement: &Settlement) -> Result<()> {
        settlement.check(CAN)?;
        let settled = self.on_cursor(|Cursor { open, .. }, now| match settlement.kind() {
            SettlementKind::Ack => drop(open.remove(&info.stream_sequence)),
            _ => drop(open.entry(info.stream_sequence).and_modify(|(due, ..)| *due = now.min(*due))),
        });
        self.broker.changed.notify_waiters();
        settled.or_else(|gone| if gone.kind() == ErrorKind::NotFound { Ok(()) } else { Err(gone) })
    }
}
