//! Flaws in how publishes that are under way are kept apart.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pubsub_core::{OutboundMessage, PendingReceipt, PublishOptions, Publisher, Receipt, Result};

use super::Tamper;

/// The likely cause: a table of waiters in which one overwrites another.
#[derive(Debug, Default)]
pub(super) struct LosesReceipts {
    published: AtomicU64,
}

#[async_trait]
impl Tamper for LosesReceipts {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let number = self.published.fetch_add(1, Ordering::Relaxed) + 1;
        let pending = inner.publish_with(message, options).await?;
        if number.is_multiple_of(1000) {
            return Ok(PendingReceipt::from_future(std::future::pending()));
        }
        Ok(pending)
    }
}

/// The likely cause: a lock that is held until the answer has come.
#[derive(Debug, Default)]
pub(super) struct PublishesOneAtATime {
    turn: tokio::sync::Mutex<()>,
}

#[async_trait]
impl Tamper for PublishesOneAtATime {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let _turn = self.turn.lock().await;
        let receipt = inner.publish_with(message, options).await?.await?;
        Ok(PendingReceipt::ready(Ok(receipt)))
    }
}

/// The likely cause: answers that are given out one place too late.
#[derive(Debug, Default)]
pub(super) struct GivesTheReceiptBefore {
    before: Mutex<Option<Receipt>>,
}

impl Tamper for GivesTheReceiptBefore {
    fn receipt(&self, receipt: Receipt) -> Receipt {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).replace(receipt.clone());
        before.unwrap_or(receipt)
    }
}
