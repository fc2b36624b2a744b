//! A backend as a third party writes it: streams that live in this process, and nothing that is optional.
//!
//! It has the minimum that every backend has (see [`Capability`](pubsub_core::Capability)). Whatever else it is
//! asked for it refuses with `Unsupported`, before it does anything; it ignores nothing. What is not written here
//! (subscriptions, batches, provisioning) the traits make out of what is. `tests/third_party_conformance.rs` runs
//! the suite on it.
//!
//! | file | what a backend has to say there |
//! |---|---|
//! | here | [`Broker`]: connections; [`Publisher`]: what a receipt says |
//! | `admin` | [`StreamAdmin`]: which streams and consumers there can be |
//! | `cursor` | which message a consumer gets next |
//! | `consumer` | [`Consumer`](pubsub_core::Consumer) and [`Message`](pubsub_core::Message): fetch and settle |

mod admin;
mod consumer;
mod cursor;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Capabilities, Consumer, ConsumerName, Error, ErrorKind, Health, HealthState, OutboundMessage,
    PendingReceipt, PublishOptions, Publisher, Receipt, Result, StoredMessage, StreamAdmin, StreamInfo,
    StreamName,
};
use tokio::sync::Notify;

use consumer::ChannelConsumer;
use cursor::Cursor;

/// A connection to a store that lives as long as its connections. One type, cheap to clone, is broker, publisher
/// and administration.
#[derive(Debug, Clone, Default)]
pub struct ChannelBroker {
    store: Arc<Mutex<Store>>,
    /// Wakes every waiting fetch, which then looks for itself whether there is something for it.
    changed: Arc<Notify>,
    closed: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Store {
    streams: BTreeMap<StreamName, Stream>,
}

#[derive(Debug)]
struct Stream {
    info: StreamInfo,
    log: Vec<Arc<StoredMessage>>,
    consumers: BTreeMap<ConsumerName, Cursor>,
}

impl ChannelBroker {
    /// Another connection to the same store; closing one does not close the other.
    #[must_use]
    pub fn connect(&self) -> Self {
        let closed = Arc::default();
        Self {
            closed,
            ..self.clone()
        }
    }

    /// Every operation goes through here, so that none forgets that the connection may be closed.
    fn store(&self) -> Result<MutexGuard<'_, Store>> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::closed("broker"));
        }
        Ok(self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store {
    fn stream(&mut self, name: &StreamName) -> Result<&mut Stream> {
        let stream = self.streams.get_mut(name);
        stream.ok_or_else(|| missing("stream", 10059).with_context("stream", name))
    }

    fn cursor(&mut self, stream: &StreamName, name: &ConsumerName) -> Result<&mut Cursor> {
        let cursor = self.stream(stream)?.consumers.get_mut(name);
        let missing = || missing("consumer", 10014).with_context("consumer", name);
        cursor.ok_or_else(|| missing().with_context("stream", stream))
    }
}

/// An error names what is missing and what to do about it, with JetStream's number.
fn missing(what: &'static str, code: u16) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no such {what}"))
        .with_broker_code(code)
        .with_remedy("create it first")
}

#[async_trait]
impl Broker for ChannelBroker {
    fn capabilities(&self) -> Capabilities {
        Capabilities::minimum()
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        Arc::new(self.clone())
    }

    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        self.store()?.cursor(stream, consumer)?;
        Ok(Arc::new(ChannelConsumer::new(
            self.clone(),
            stream.clone(),
            consumer.clone(),
        )))
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        Some(Arc::new(self.clone()))
    }

    async fn health(&self) -> Health {
        match self.store() {
            Ok(_) => Health::healthy(),
            Err(closed) => Health::healthy().because(HealthState::Unhealthy, closed.message()),
        }
    }

    async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        self.changed.notify_waiters();
        Ok(())
    }
}

#[async_trait]
impl Publisher for ChannelBroker {
    async fn publish_with(&self, message: OutboundMessage, _: PublishOptions) -> Result<PendingReceipt> {
        message.check(Capabilities::minimum())?;
        let OutboundMessage {
            subject,
            payload,
            headers,
            ..
        } = message;
        let mut store = self.store()?;
        let Some(stream) = store
            .streams
            .values_mut()
            .find(|stream| stream.takes(subject.as_str()))
        else {
            return Err(missing("stream for this subject", 503).with_context("subject", subject));
        };
        let sequence = stream.info.last_sequence + 1;
        let now = SystemTime::now();
        stream.keep(StoredMessage::new(
            subject.into(),
            sequence,
            now,
            headers,
            payload,
        ));
        self.changed.notify_waiters();
        // It is stored already, so the receipt need not wait.
        let receipt = Receipt::new(stream.info.config.name.clone(), sequence, false);
        Ok(PendingReceipt::ready(Ok(receipt)))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::minimum()
    }

    async fn flush(&self) -> Result<()> {
        self.store().map(drop)
    }
}

impl Stream {
    fn takes(&self, subject: &str) -> bool {
        let mut taken = self.info.config.subjects.iter();
        taken.any(|taken| taken.matches(subject))
    }

    fn keep(&mut self, message: StoredMessage) {
        let message = Arc::new(message);
        self.info.last_sequence = message.sequence;
        self.info.bytes += (message.payload.len() + message.headers.wire_len()) as u64;
        for cursor in self.consumers.values_mut() {
            cursor.offer(&message);
        }
        self.log.push(message);
    }
}
