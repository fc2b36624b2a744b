//! Flaws in how deliveries end.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{
    Capability, Consumer, ConsumerName, Delivery, Error, ErrorKind, Message, Result, Settlement,
    SettlementKind, StreamName,
};

use super::Tamper;
use super::consumers::whole_seconds;

/// The likely cause: a destructor that tidies up.
#[derive(Debug)]
pub(super) struct AcksOnDrop;

impl Tamper for AcksOnDrop {
    fn abandon(&self, message: Box<dyn Message>) {
        tokio::spawn(message.settle(Settlement::ack()));
    }
}

/// The likely cause: a lease that is not removed when the ack comes.
#[derive(Debug)]
pub(super) struct DeliversAgainAfterAck;

#[async_trait]
impl Tamper for DeliversAgainAfterAck {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let acked = matches!(settlement.kind(), SettlementKind::Ack);
        if acked && !message.info().is_redelivery() {
            return message.settle(Settlement::nak()).await;
        }
        message.settle(settlement).await
    }
}

/// The likely cause: the delay is not passed on.
#[derive(Debug)]
pub(super) struct IgnoresNakDelay;

#[async_trait]
impl Tamper for IgnoresNakDelay {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let delayed = matches!(settlement.kind(), SettlementKind::Nak { delay: Some(_) });
        message.settle(if delayed { Settlement::nak() } else { settlement }).await
    }
}

/// The likely cause: a field of whole seconds.
#[derive(Debug)]
pub(super) struct RoundsNakDelays;

#[async_trait]
impl Tamper for RoundsNakDelays {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let SettlementKind::Nak { delay: Some(delay) } = settlement.kind() else {
            return message.settle(settlement).await;
        };
        let rounded = Settlement::nak_after(whole_seconds(*delay));
        message.settle(if settlement.is_confirmed() { rounded.confirmed() } else { rounded }).await
    }
}

/// The likely cause: capabilities that are declared in full, and not looked at again.
#[derive(Debug)]
pub(super) struct Overstates;

#[async_trait]
impl Tamper for Overstates {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        if matches!(settlement.kind(), SettlementKind::Term { .. }) {
            return Err(Error::unsupported(Capability::Term.name()));
        }
        message.settle(settlement).await
    }
}

/// The likely cause: a backend without redelivery, where whatever ends a delivery ends the message.
#[derive(Debug)]
pub(super) struct NaksAreAcks;

#[async_trait]
impl Tamper for NaksAreAcks {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let nakked = matches!(settlement.kind(), SettlementKind::Nak { .. });
        message.settle(if nakked { Settlement::ack() } else { settlement }).await
    }
}

/// The likely cause: a rejection that is put back into the queue.
#[derive(Debug)]
pub(super) struct TermsAreNaks;

#[async_trait]
impl Tamper for TermsAreNaks {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let terminated = matches!(settlement.kind(), SettlementKind::Term { .. });
        message.settle(if terminated { Settlement::nak() } else { settlement }).await
    }
}

/// The likely cause: a method that was left for later.
#[derive(Debug)]
pub(super) struct ExtendsNothing;

#[async_trait]
impl Tamper for ExtendsNothing {
    async fn extend(&self, message: &dyn Message) -> Result<()> {
        let _ = message;
        Ok(())
    }
}

/// The likely cause: any reply is taken for a confirmation, "no responders" too.
#[derive(Debug)]
pub(super) struct ConfirmsBlindly;

#[async_trait]
impl Tamper for ConfirmsBlindly {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        match message.settle(settlement).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }
}

/// The likely cause: an ack that is put into a channel whose reader is gone.
#[derive(Debug)]
pub(super) struct SettlesClosedOnes;

#[async_trait]
impl Tamper for SettlesClosedOnes {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        match message.settle(settlement).await {
            Err(error) if error.kind() == ErrorKind::Closed => Ok(()),
            outcome => outcome,
        }
    }
}

/// The likely cause: a batch call that stops after its first entry.
#[derive(Debug)]
pub(super) struct SettlesOnlyTheFirst;

#[async_trait]
impl Tamper for SettlesOnlyTheFirst {
    async fn settle_many(
        &self,
        inner: &dyn Consumer,
        mut deliveries: Vec<Delivery>,
        settlement: Settlement,
    ) -> Vec<Result<()>> {
        let rest = deliveries.split_off(deliveries.len().min(1));
        let mut outcomes = inner.settle_many(deliveries, settlement).await;
        outcomes.extend(rest.into_iter().map(|delivery| {
            drop(delivery.into_message());
            Ok(())
        }));
        outcomes
    }
}

/// The likely cause: a state of each message that knows one way out.
#[derive(Debug, Default)]
pub(super) struct RefusesSecondSettlements {
    settled: Mutex<HashSet<(StreamName, ConsumerName, u64)>>,
}

#[async_trait]
impl Tamper for RefusesSecondSettlements {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let info = message.info();
        let key = (info.stream.clone(), info.consumer.clone(), info.stream_sequence);
        if self.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            return Err(Error::new(ErrorKind::Conflict, "the message is settled already"));
        }
        let ends = !matches!(settlement.kind(), SettlementKind::Nak { .. });
        message.settle(settlement).await?;
        if ends {
            self.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        }
        Ok(())
    }
}

/// The likely cause: a background task for settlements, on the runtime that happens to be there.
#[derive(Debug)]
pub(super) struct SettlesLater;

#[async_trait]
impl Tamper for SettlesLater {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            message.settle(settlement).await
        });
        Ok(())
    }
}
