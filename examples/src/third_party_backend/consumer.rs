//! Fetch and settle. Subscriptions and settling in bulk the trait makes out of both.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::config::duration;
use pubsub_core::{
    Capabilities, Capability, Consumer, ConsumerInfo, ConsumerName, Delivery, DeliveryInfo, Error,
    FetchOptions, Headers, Message, OnDrop, Result, Settlement, SettlementKind, StoredMessage, StreamName,
};
use tokio::time::{Instant, timeout_at};

use super::ChannelBroker;
use super::cursor::Cursor;

/// A handle on a consumer; the consumer itself is in the store.
#[derive(Debug, Clone)]
pub(super) struct ChannelConsumer {
    broker: ChannelBroker,
    stream: StreamName,
    name: ConsumerName,
}

impl ChannelConsumer {
    pub(super) fn new(broker: ChannelBroker, stream: StreamName, name: ConsumerName) -> Self {
        Self { broker, stream, name }
    }

    fn with_cursor<T>(&self, work: impl FnOnce(&mut Cursor) -> T) -> Result<T> {
        let mut store = self.broker.store()?;
        store.cursor(&self.stream, &self.name).map(work)
    }
}

#[async_trait]
impl Consumer for ChannelConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        options.validate()?;
        if options.on_drop != OnDrop::Redeliver {
            return Err(Error::unsupported(Capability::NakDelay.name()));
        }
        let expires = Instant::now() + options.expires.min(duration::MAX);
        loop {
            // Made before the look, so that what comes between the look and the wait ends the wait.
            let changed = self.broker.changed.notified();
            let (batch, due) =
                self.with_cursor(|cursor| (cursor.hand_out(options.max_messages), cursor.next_due()))?;
            if !batch.is_empty() || Instant::now() >= expires {
                let delivery = |(info, stored)| ChannelMessage {
                    consumer: self.clone(),
                    info,
                    stored,
                };
                return Ok(batch
                    .into_iter()
                    .map(|each| Delivery::new(Box::new(delivery(each))))
                    .collect());
            }
            // Nothing is held across this await: a fetch that is dropped here loses nothing.
            let _ = timeout_at(due.map_or(expires, |due| due.min(expires)), changed).await;
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::minimum()
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        self.with_cursor(Cursor::info)
    }
}

#[derive(Debug)]
struct ChannelMessage {
    consumer: ChannelConsumer,
    info: DeliveryInfo,
    stored: Arc<StoredMessage>,
}

impl ChannelMessage {
    fn change(&self, work: impl FnOnce(&mut Cursor)) -> Result<()> {
        let Self { consumer, .. } = self;
        let mut store = consumer.broker.store()?;
        // To settle for a consumer that is gone is no error, unless the caller asks for a confirmation.
        if let Ok(cursor) = store.cursor(&consumer.stream, &consumer.name) {
            work(cursor);
        }
        consumer.broker.changed.notify_waiters();
        Ok(())
    }

    fn nak(&self) -> Result<()> {
        self.change(|cursor| cursor.nak(self.info.stream_sequence))
    }
}

#[async_trait]
impl Message for ChannelMessage {
    fn subject(&self) -> &str {
        &self.stored.subject
    }

    fn payload(&self) -> &Bytes {
        &self.stored.payload
    }

    fn headers(&self) -> &Headers {
        &self.stored.headers
    }

    fn info(&self) -> &DeliveryInfo {
        &self.info
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        let lacks = |capability: Capability| Err(Error::unsupported(capability.name()));
        match settlement.kind() {
            _ if settlement.is_confirmed() => lacks(Capability::ConfirmedSettlement),
            SettlementKind::Ack => self.change(|cursor| cursor.ack(self.info.stream_sequence)),
            SettlementKind::Nak { delay: None } => self.nak(),
            SettlementKind::Nak { .. } => lacks(Capability::NakDelay),
            _ => lacks(Capability::Term),
        }
    }

    async fn extend(&self) -> Result<()> {
        Err(Error::unsupported(Capability::Extend.name()))
    }

    /// Its ack wait goes on.
    fn abandon(self: Box<Self>) {}

    fn hand_back(self: Box<Self>) {
        // A failure only means that it comes later.
        let _ = self.nak();
    }
}
