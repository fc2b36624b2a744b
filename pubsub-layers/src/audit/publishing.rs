//! Records of publishes.

use std::sync::Arc;
use std::time::SystemTime;

use pubsub_core::{
    BatchReceipt, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Receipt, Result,
};

use super::{Audit, AuditAction, AuditPhase, AuditRecord};
use crate::around::AroundPublisher;

impl Audit {
    fn publishing(&self, message: &OutboundMessage) -> AuditRecord {
        AuditRecord {
            at: SystemTime::now(),
            who: self.who.to_string(),
            action: AuditAction::Publish,
            phase: AuditPhase::Attempt,
            subject: message.subject.to_string(),
            id: message.id.as_ref().map(ToString::to_string),
            stream: None,
            sequence: None,
            consumer: None,
            attempt: None,
            bytes: message.payload.len(),
            outcome: None,
            error: None,
            payload: self.payload(message.subject.as_str(), &message.payload),
        }
    }

    async fn published(&self, mut record: AuditRecord, outcome: Result<Receipt>) -> Result<Receipt> {
        let ended = match &outcome {
            Ok(receipt) => {
                record.stream = Some(receipt.stream.clone());
                record.sequence = receipt.sequence;
                record.ended(Ok(if receipt.is_duplicate() { "duplicate" } else { "stored" }))
            }
            Err(error) => record.ended(Err(error)),
        };
        self.after(&ended).await;
        outcome
    }

    async fn accept(&self, record: AuditRecord, accepted: Result<PendingReceipt>) -> Result<PendingReceipt> {
        match accepted {
            Ok(pending) => {
                let audit = self.clone();
                Ok(PendingReceipt::from_future(async move { audit.published(record, pending.await).await }))
            }
            Err(error) => {
                self.after(&record.ended(Err(&error))).await;
                Err(error)
            }
        }
    }
}

impl AroundPublisher for Audit {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let record = self.publishing(&message);
        self.before(&record).await?;
        self.accept(record, inner.publish_with(message, options).await).await
    }

    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let mut records = Vec::with_capacity(messages.len());
        let mut batch = Vec::with_capacity(messages.len());
        for message in messages {
            let record = self.publishing(&message);
            let recorded = self.before(&record).await;
            if recorded.is_ok() {
                batch.push(message);
            }
            records.push(recorded.map(|()| record));
        }
        let mut outcomes = inner.publish_batch(batch, options).await.into_iter();
        let mut accepted = Vec::with_capacity(records.len());
        for record in records {
            match record {
                Err(refused) => accepted.push(Err(refused)),
                Ok(record) => {
                    let Some(outcome) = outcomes.next() else { break };
                    accepted.push(self.accept(record, outcome).await);
                }
            }
        }
        accepted
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let records: Vec<_> = messages.iter().map(|message| self.publishing(message)).collect();
        for record in &records {
            self.before(record).await?;
        }
        let outcome = inner.publish_atomic(messages, options).await;
        let count = records.len() as u64;
        for (index, mut record) in (0..).zip(records) {
            let ended = match &outcome {
                Ok(receipt) => {
                    record.stream = Some(receipt.stream.clone());
                    record.sequence = Some((receipt.last_sequence + 1 + index).saturating_sub(count));
                    record.ended(Ok("stored"))
                }
                Err(error) => record.ended(Err(error)),
            };
            self.after(&ended).await;
        }
        outcome
    }
}
