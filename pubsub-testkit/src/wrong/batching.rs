//! Flaws in how several messages are published at once, and in what their receipts say.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Error, ErrorKind, OutboundMessage, PendingReceipt, PublishOptions, Publisher,
    PublisherExt as _, Receipt, Result, StreamName,
};

use super::Tamper;

/// The likely cause: `?` in a loop.
#[derive(Debug)]
pub(super) struct StopsABatch;

impl Tamper for StopsABatch {
    fn goes_on_after(&self, outcome: &Result<PendingReceipt>) -> bool {
        outcome.is_ok()
    }
}

/// The likely cause: an atomic batch that is a loop of publishes.
#[derive(Debug)]
pub(super) struct StoresHalfABatch;

#[async_trait]
impl Tamper for StoresHalfABatch {
    async fn publish_atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        _: PublishOptions,
    ) -> Result<BatchReceipt> {
        let count = messages.len() as u64;
        let mut last: Option<(StreamName, u64)> = None;
        for message in messages {
            let receipt = inner.publish_message(message).await?;
            if receipt.is_duplicate() {
                return Err(Error::new(ErrorKind::Conflict, "the id of a message of the batch is known")
                    .with_broker_code(10201));
            }
            last = Some((receipt.stream, receipt.sequence.unwrap_or_default()));
        }
        let (stream, sequence) =
            last.ok_or_else(|| Error::invalid_input("messages", "a batch has at least one message"))?;
        Ok(BatchReceipt::new(stream, sequence, count))
    }
}

/// The likely cause: the message that ends a batch, taken for the mark of its end.
#[derive(Debug)]
pub(super) struct LosesTheLastOfABatch;

#[async_trait]
impl Tamper for LosesTheLastOfABatch {
    async fn publish_atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        mut messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let lost = if messages.len() > 1 { messages.pop() } else { None };
        let mut receipt = inner.publish_atomic(messages, options).await?;
        if lost.is_some() {
            receipt.last_sequence += 1;
            receipt.messages += 1;
        }
        Ok(receipt)
    }
}

/// The likely cause: a batch that is kept as a stack.
#[derive(Debug)]
pub(super) struct TurnsABatchRound;

impl Tamper for TurnsABatchRound {
    fn arranged(&self, mut messages: Vec<OutboundMessage>) -> Vec<OutboundMessage> {
        messages.reverse();
        messages
    }
}

/// The likely cause: an index into the log, which begins with zero.
#[derive(Debug)]
pub(super) struct NumbersFromZero;

impl Tamper for NumbersFromZero {
    fn receipt(&self, mut receipt: Receipt) -> Receipt {
        receipt.sequence = receipt.sequence.map(|sequence| sequence.saturating_sub(1));
        receipt
    }
}

/// The likely cause: a retry after an answer that had come.
#[derive(Debug)]
pub(super) struct StoresTwice;

#[async_trait]
impl Tamper for StoresTwice {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let mut again = message.clone();
        again.id = None;
        let receipt = inner.publish_with(message, options.clone()).await?;
        // Whether it is stored makes no difference: nobody is told.
        drop(inner.publish_with(again, options).await);
        Ok(receipt)
    }
}

/// The likely cause: a limit of the wire, met by cutting.
#[derive(Debug)]
pub(super) struct CutsAtTheLimit;

#[async_trait]
impl Tamper for CutsAtTheLimit {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        mut message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        if let Some(limit) = inner.capabilities().max_payload() {
            message.payload.truncate(limit);
        }
        inner.publish_with(message, options).await
    }
}

/// The likely cause: options that the first call has set up.
#[derive(Debug, Default)]
pub(super) struct KeepsPublishOptions {
    first: OnceLock<PublishOptions>,
}

#[async_trait]
impl Tamper for KeepsPublishOptions {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let kept = self.first.get_or_init(|| options).clone();
        inner.publish_with(message, kept).await
    }
}
