//! Flaws in what is known of earlier messages.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{
    ErrorKind, Message, MessageId, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Receipt,
    Result, Settlement, StreamAdmin, StreamConfig, StreamInfo, StreamName,
};
use tokio::time::Instant;

use super::Tamper;

/// The likely cause: a cache whose entries live on when they are used.
#[derive(Debug, Default)]
pub(super) struct ProlongsTheWindow {
    window: Mutex<Option<Duration>>,
    seen: Arc<Mutex<HashMap<MessageId, (Instant, Receipt)>>>,
}

impl ProlongsTheWindow {
    fn known(&self, id: &MessageId) -> Option<Receipt> {
        let window = (*self.window.lock().unwrap_or_else(PoisonError::into_inner))?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, first) = seen.get_mut(id).filter(|(last, _)| last.elapsed() < window)?;
        *last = Instant::now();
        let mut duplicate = first.clone();
        duplicate.duplicate = Some(true);
        Some(duplicate)
    }
}

#[async_trait]
impl Tamper for ProlongsTheWindow {
    async fn create_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        let info = admin.create_stream(config).await?;
        let window = info.config.effective_duplicate_window();
        *self.window.lock().unwrap_or_else(PoisonError::into_inner) = Some(window);
        Ok(info)
    }

    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let Some(id) = message.id.clone() else { return inner.publish_with(message, options).await };
        if let Some(duplicate) = self.known(&id) {
            return Ok(PendingReceipt::ready(Ok(duplicate)));
        }
        let seen = Arc::clone(&self.seen);
        let pending = inner.publish_with(message, options).await?;
        Ok(PendingReceipt::from_future(async move {
            let receipt = pending.await?;
            let now = (Instant::now(), receipt.clone());
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
            Ok(receipt)
        }))
    }
}

/// The likely cause: ids that are looked for among the messages that are there.
#[derive(Debug, Default)]
pub(super) struct ForgetsWithTheAck {
    acked: Mutex<HashSet<String>>,
}

#[async_trait]
impl Tamper for ForgetsWithTheAck {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        let acked = self.acked.lock().unwrap_or_else(PoisonError::into_inner);
        message.id = message.id.take().filter(|id| !acked.contains(id.as_str()));
        message
    }

    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let id = message.headers().get("Nats-Msg-Id").map(str::to_owned);
        message.settle(settlement).await?;
        self.acked.lock().unwrap_or_else(PoisonError::into_inner).extend(id);
        Ok(())
    }
}

/// The likely cause: one table of ids for all streams.
#[derive(Debug, Default)]
pub(super) struct KnowsIdsOfEveryStream {
    streams: Mutex<Vec<StreamConfig>>,
    seen: Arc<Mutex<HashMap<MessageId, Receipt>>>,
}

impl KnowsIdsOfEveryStream {
    /// What is known of an id that came to another stream. Within its own stream, everything is right.
    fn of_another_stream(&self, message: &OutboundMessage) -> Option<Receipt> {
        let id = message.id.as_ref()?;
        let mut known = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()?;
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let own = streams.iter().find(|config| config.takes(message.subject.as_str()))?;
        known.duplicate = Some(true);
        (own.name != known.stream).then_some(known)
    }
}

#[async_trait]
impl Tamper for KnowsIdsOfEveryStream {
    async fn create_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        let info = admin.create_stream(config).await?;
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).push(info.config.clone());
        Ok(info)
    }

    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        if let Some(duplicate) = self.of_another_stream(&message) {
            return Ok(PendingReceipt::ready(Ok(duplicate)));
        }
        let Some(id) = message.id.clone() else { return inner.publish_with(message, options).await };
        let seen = Arc::clone(&self.seen);
        let pending = inner.publish_with(message, options).await?;
        Ok(PendingReceipt::from_future(async move {
            let receipt = pending.await?;
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id, receipt.clone());
            Ok(receipt)
        }))
    }
}

/// The likely cause: an id that is written down before the message is looked at.
#[derive(Debug, Default)]
pub(super) struct RemembersRefusedIds {
    refused: Arc<Mutex<HashSet<MessageId>>>,
}

#[async_trait]
impl Tamper for RemembersRefusedIds {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let Some(id) = message.id.clone() else { return inner.publish_with(message, options).await };
        if self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(&id) {
            let nowhere = StreamName::new("nowhere")?;
            return Ok(PendingReceipt::ready(Ok(Receipt::new(nowhere, 1, true))));
        }
        let refused = Arc::clone(&self.refused);
        let pending = inner.publish_with(message, options).await?;
        Ok(PendingReceipt::from_future(async move {
            let outcome = pending.await;
            if outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::Conflict) {
                refused.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
            }
            outcome
        }))
    }
}

/// The likely cause: ids that each publisher knows by itself, and no broker.
#[derive(Debug, Default)]
pub(super) struct KnowsIdsByPublisher {
    first: Mutex<HashMap<MessageId, Arc<dyn Publisher>>>,
}

#[async_trait]
impl Tamper for KnowsIdsByPublisher {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        mut message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        if let Some(id) = message.id.clone() {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            let own = first.entry(id).or_insert_with(|| Arc::clone(inner));
            if Arc::as_ptr(own).addr() != Arc::as_ptr(inner).addr() {
                message.id = None;
            }
        }
        inner.publish_with(message, options).await
    }
}

/// The likely cause: a table of ids by the name of the stream, which outlives it.
#[derive(Debug, Default)]
pub(super) struct RemembersDeletedStreams {
    /// The ids that came to each stream, and those that were known when it was made again.
    came: Arc<Mutex<HashMap<StreamName, HashSet<MessageId>>>>,
    before: Mutex<Vec<(StreamConfig, HashSet<MessageId>)>>,
}

#[async_trait]
impl Tamper for RemembersDeletedStreams {
    async fn create_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        let info = admin.create_stream(config).await?;
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        let known = came.get_mut(&info.config.name).filter(|_| info.last_sequence == 0).map(std::mem::take);
        let before = (info.config.clone(), known.unwrap_or_default());
        self.before.lock().unwrap_or_else(PoisonError::into_inner).push(before);
        Ok(info)
    }

    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let Some(id) = message.id.clone() else { return inner.publish_with(message, options).await };
        let stream = {
            let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
            let knows = |(config, known): &&(StreamConfig, HashSet<MessageId>)| {
                config.takes(message.subject.as_str()) && known.contains(&id)
            };
            before.iter().find(knows).map(|(config, _)| config.name.clone())
        };
        if let Some(stream) = stream {
            return Ok(PendingReceipt::ready(Ok(Receipt::new(stream, 1, true))));
        }
        let came = Arc::clone(&self.came);
        let pending = inner.publish_with(message, options).await?;
        Ok(PendingReceipt::from_future(async move {
            let receipt = pending.await?;
            let mut came = came.lock().unwrap_or_else(PoisonError::into_inner);
            came.entry(receipt.stream.clone()).or_default().insert(id);
            drop(came);
            Ok(receipt)
        }))
    }
}
