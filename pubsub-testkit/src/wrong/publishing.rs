//! Flaws in how messages are taken.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pubsub_core::{
    Error, ErrorKind, MessageId, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Receipt, Result,
    StreamName,
};

use super::Tamper;

/// The likely cause: the id is not passed on.
#[derive(Debug)]
pub(super) struct ForgetsDedup;

impl Tamper for ForgetsDedup {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        message.id = None;
        message
    }
}

/// The likely cause: an id that is made of the payload.
#[derive(Debug)]
pub(super) struct StoresSamePayloadOnce;

impl Tamper for StoresSamePayloadOnce {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        if message.id.is_none() {
            let text = format!("{}-{}", message.subject, message.payload.escape_ascii());
            message.id = MessageId::new(text.get(..text.len().min(100)).unwrap_or("same")).ok();
        }
        message
    }
}

/// The likely cause: the broker's answer is read as far as the sequence.
#[derive(Debug)]
pub(super) struct HidesDuplicates;

impl Tamper for HidesDuplicates {
    fn receipt(&self, mut receipt: Receipt) -> Receipt {
        receipt.duplicate = Some(false);
        receipt
    }
}

/// The likely cause: any answer at all is taken for a confirmation.
#[derive(Debug)]
pub(super) struct ConfirmsWhatNobodyStores;

#[async_trait]
impl Tamper for ConfirmsWhatNobodyStores {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let nowhere = StreamName::new("nowhere")?;
        let pending = inner.publish_with(message, options).await?;
        Ok(PendingReceipt::from_future(async move {
            match pending.await {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(Receipt::new(nowhere, 1, false)),
                outcome => outcome,
            }
        }))
    }
}

/// The likely cause: every failure is a timeout to somebody.
#[derive(Debug)]
pub(super) struct CallsRefusalsUnknown;

#[async_trait]
impl Tamper for CallsRefusalsUnknown {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let unknown = |_| Error::new(ErrorKind::Timeout, "no answer").with_effect_unknown();
        inner.publish_with(message, options).await.map_err(unknown)
    }
}

/// The likely cause: a negative answer that is kept for ever.
#[derive(Debug, Default)]
pub(super) struct RemembersMissingStreams {
    missing: Arc<Mutex<BTreeSet<String>>>,
}

#[async_trait]
impl Tamper for RemembersMissingStreams {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let subject = message.subject.clone();
        if self.missing.lock().unwrap_or_else(PoisonError::into_inner).contains(subject.as_str()) {
            return Ok(PendingReceipt::ready(Err(Error::no_stream_for(&subject))));
        }
        let pending = inner.publish_with(message, options).await?;
        let missing = Arc::clone(&self.missing);
        Ok(PendingReceipt::from_future(async move {
            let outcome = pending.await;
            if outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
                missing.lock().unwrap_or_else(PoisonError::into_inner).insert(subject.to_string());
            }
            outcome
        }))
    }
}
