//! Records of settlements.

use std::sync::Arc;
use std::time::SystemTime;

use futures::stream::BoxStream;
use pubsub_core::{
    Consumer, Delivery, FetchOptions, Message, Result, Settlement, SettlementKind, SubscribeOptions,
};

use super::{Audit, AuditAction, AuditPhase, AuditRecord};
use crate::around::{AroundConsumer, AroundMessage, around_delivery, deliveries};

impl Audit {
    fn settling(&self, message: &dyn Message, settlement: &Settlement) -> AuditRecord {
        let info = message.info();
        AuditRecord {
            at: SystemTime::now(),
            who: self.who.to_string(),
            action: match settlement.kind() {
                SettlementKind::Term { .. } => AuditAction::Term,
                SettlementKind::Nak { .. } => AuditAction::Nak,
                _ => AuditAction::Ack,
            },
            phase: AuditPhase::Attempt,
            subject: message.subject().to_owned(),
            id: message.headers().get("Nats-Msg-Id").map(str::to_owned),
            stream: Some(info.stream.clone()),
            sequence: Some(info.stream_sequence),
            consumer: Some(info.consumer.to_string()),
            attempt: Some(info.attempt),
            bytes: message.payload().len(),
            outcome: None,
            error: None,
            payload: self.payload(message.subject(), message.payload()),
        }
    }
}

impl AroundMessage for Audit {
    async fn settle(self, inner: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let record = self.settling(inner.as_ref(), &settlement);
        self.before(&record).await?;
        let outcome = inner.settle(settlement).await;
        self.after(&record.ended(outcome.as_ref().map(|()| "settled"))).await;
        outcome
    }

    /// A sink has to be waited for.
    fn settle_now(&self, _: &dyn Message, _: &Settlement) -> Option<Result<()>> {
        None
    }
}

impl AroundConsumer for Audit {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let batch = inner.fetch(options).await?;
        Ok(batch.into_iter().map(|delivery| around_delivery(delivery, self.clone())).collect())
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let audit = self.clone();
        deliveries(inner, options, move |delivery| around_delivery(delivery, audit.clone()))
    }
}
