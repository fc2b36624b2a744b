//! Flaws in what a settlement is for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pubsub_core::{
    Broker, Consumer, ConsumerName, Delivery, Message, Result, Settlement, SettlementKind, StreamAdmin,
    StreamName,
};

use super::Tamper;

/// The likely cause: a place for the message at hand that the next one has not taken yet.
#[derive(Debug, Default)]
pub(super) struct AcksTheOneBefore {
    before: Mutex<HashMap<ConsumerName, Box<dyn Message>>>,
}

#[async_trait]
impl Tamper for AcksTheOneBefore {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        if !matches!(settlement.kind(), SettlementKind::Ack) {
            return message.settle(settlement).await;
        }
        let consumer = message.info().consumer.clone();
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).insert(consumer, message);
        match before {
            Some(before) => before.settle(settlement).await,
            None => Ok(()),
        }
    }
}

/// The likely cause: a message that belongs to whoever has it.
#[derive(Debug, Default)]
pub(super) struct AcksRemoveTheMessage {
    admin: Mutex<Option<Arc<dyn StreamAdmin>>>,
}

#[async_trait]
impl Tamper for AcksRemoveTheMessage {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        *self.admin.lock().unwrap_or_else(PoisonError::into_inner) = inner.admin();
        inner.consumer(stream, consumer).await
    }

    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let (stream, sequence) = (message.info().stream.clone(), message.info().stream_sequence);
        let acked = matches!(settlement.kind(), SettlementKind::Ack);
        message.settle(settlement).await?;
        let admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(admin) = admin.filter(|_| acked) {
            // One that is gone already is as good.
            let _ = admin.delete_message(&stream, sequence).await;
        }
        Ok(())
    }
}

/// The likely cause: a list from which a message is taken when it is handed out.
#[derive(Debug, Default)]
pub(super) struct RemovesWhatItDelivers {
    admin: Mutex<Option<Arc<dyn StreamAdmin>>>,
}

#[async_trait]
impl Tamper for RemovesWhatItDelivers {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        *self.admin.lock().unwrap_or_else(PoisonError::into_inner) = inner.admin();
        inner.consumer(stream, consumer).await
    }

    async fn batch(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(admin) = admin {
            for info in deliveries.iter().map(|delivery| delivery.info()) {
                // One that is gone already is as good.
                let _ = admin.delete_message(&info.stream, info.stream_sequence).await;
            }
        }
        deliveries
    }
}

/// The likely cause: a flag that says that the ack wait was moved.
#[derive(Debug, Default)]
pub(super) struct ExtendsOnce {
    extended: Mutex<HashSet<(StreamName, ConsumerName, u64)>>,
}

#[async_trait]
impl Tamper for ExtendsOnce {
    async fn extend(&self, message: &dyn Message) -> Result<()> {
        let info = message.info();
        let delivery = (info.stream.clone(), info.consumer.clone(), info.consumer_sequence);
        if self.extended.lock().unwrap_or_else(PoisonError::into_inner).insert(delivery) {
            return message.extend().await;
        }
        Ok(())
    }
}

/// The likely cause: a reason that is written to the log, and not passed on.
#[derive(Debug)]
pub(super) struct ForgetsReasons;

#[async_trait]
impl Tamper for ForgetsReasons {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let SettlementKind::Term { .. } = settlement.kind() else {
            return message.settle(settlement).await;
        };
        let bare =
            if settlement.is_confirmed() { Settlement::term().confirmed() } else { Settlement::term() };
        message.settle(bare).await
    }
}
