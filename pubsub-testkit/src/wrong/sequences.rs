//! Flaws that show in sequences of several things, as the model-based cases make them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Message, MessageId, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Result,
    Retention, Settlement, SettlementKind, StreamAdmin, StreamConfig, StreamInfo, StreamName,
};
use tokio::task::yield_now;
use tokio::time::sleep;

use super::Tamper;

/// The likely cause: a limit of attempts that somebody has hard-coded.
#[derive(Debug)]
pub(super) struct GivesUpAfterTwo;

#[async_trait]
impl Tamper for GivesUpAfterTwo {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let nakked = matches!(settlement.kind(), SettlementKind::Nak { .. });
        let given_up = nakked && message.info().attempt >= 2;
        message.settle(if given_up { Settlement::ack() } else { settlement }).await
    }
}

/// The likely cause: one slot for the settlement that is on its way.
#[derive(Debug, Default)]
pub(super) struct SettlesOneAtATime {
    busy: AtomicBool,
}

#[async_trait]
impl Tamper for SettlesOneAtATime {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        if self.busy.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        yield_now().await;
        let outcome = message.settle(settlement).await;
        self.busy.store(false, Ordering::Release);
        outcome
    }
}

/// The likely cause: a nak that lets a message of a work queue go, since somebody has had it.
#[derive(Debug, Default)]
pub(super) struct NaksEndWork {
    queues: Mutex<HashSet<StreamName>>,
}

#[async_trait]
impl Tamper for NaksEndWork {
    async fn create_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        let info = admin.create_stream(config).await?;
        if info.config.retention == Retention::WorkQueue {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            queues.insert(info.config.name.clone());
        }
        Ok(info)
    }

    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let nakked = matches!(settlement.kind(), SettlementKind::Nak { .. });
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ends = nakked && queues.contains(&message.info().stream);
        message.settle(if ends { Settlement::ack() } else { settlement }).await
    }
}

/// The likely cause: one place for the last id, where the broker is to remember all of its window.
#[derive(Debug, Default)]
pub(super) struct RemembersOneId {
    last: Mutex<Option<MessageId>>,
    made: AtomicUsize,
}

impl Tamper for RemembersOneId {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        if let Some(id) = message.id.clone() {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let is_another = last.replace(id.clone()).is_some_and(|last| last != id);
            if is_another || self.made.load(Ordering::Relaxed) > 0 {
                let made = self.made.fetch_add(usize::from(is_another), Ordering::Relaxed);
                message.id = MessageId::new(format!("{id}-{made}")).ok();
            }
        }
        message
    }
}

/// The likely cause: acks that are sent together every few milliseconds, and a close that does not send the last of them.
#[derive(Debug, Default)]
pub(super) struct ForgetsAcksAtTheClose {
    closes: Arc<AtomicUsize>,
}

#[async_trait]
impl Tamper for ForgetsAcksAtTheClose {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        if settlement.is_confirmed() || !matches!(settlement.kind(), SettlementKind::Ack) {
            return message.settle(settlement).await;
        }
        let (closes, before) = (Arc::clone(&self.closes), self.closes.load(Ordering::Acquire));
        tokio::spawn(async move {
            sleep(Duration::from_millis(5)).await;
            if closes.load(Ordering::Acquire) == before {
                // As a broker does it: nobody is told.
                let _ = message.settle(settlement).await;
            }
        });
        Ok(())
    }

    async fn close(&self, inner: &dyn Broker) -> Result<()> {
        self.closes.fetch_add(1, Ordering::AcqRel);
        inner.close().await
    }
}

/// The likely cause: a second try that is a publish of its own.
#[derive(Debug)]
pub(super) struct TriesAgainWithoutAnId;

#[async_trait]
impl Tamper for TriesAgainWithoutAnId {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        mut options: PublishOptions,
    ) -> Result<PendingReceipt> {
        if options.retry == Some(true) {
            let mut first = message.clone();
            first.id = None;
            // Taken for one that nobody has answered.
            drop(inner.publish_with(first, options.clone()).await?.await);
            options.retry = None;
        }
        inner.publish_with(message, options).await
    }
}
