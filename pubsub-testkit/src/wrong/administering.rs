//! Flaws in how a stream's messages and consumers are managed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    AccountInfo, ConsumerConfig, ConsumerInfo, ConsumerName, ErrorKind, Health, MessageSelector, Purge,
    Result, StoredMessage, StreamAdmin, StreamName, SubjectFilter,
};

use super::Tamper;

/// The likely cause: the answer of another call.
#[derive(Debug)]
pub(super) struct TellsWhatAPurgeLeft;

#[async_trait]
impl Tamper for TellsWhatAPurgeLeft {
    async fn purge(&self, admin: &dyn StreamAdmin, stream: &StreamName, purge: Purge) -> Result<u64> {
        admin.purge_stream(stream, purge).await?;
        Ok(admin.stream_info(stream).await?.messages)
    }
}

/// The likely cause: one kind of purge.
#[derive(Debug)]
pub(super) struct PurgesEverySubject;

#[async_trait]
impl Tamper for PurgesEverySubject {
    async fn purge(&self, admin: &dyn StreamAdmin, stream: &StreamName, mut purge: Purge) -> Result<u64> {
        purge.filter = None;
        admin.purge_stream(stream, purge).await
    }
}

/// The likely cause: a mark that nobody looks at.
#[derive(Debug)]
pub(super) struct DeletesNoMessage;

#[async_trait]
impl Tamper for DeletesNoMessage {
    async fn delete_message(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        sequence: u64,
    ) -> Result<()> {
        admin.get_message(stream, MessageSelector::Sequence(sequence)).await.map(drop)
    }
}

/// The likely cause: a position that is read as a sequence.
#[derive(Debug)]
pub(super) struct TakesNextForExact;

#[async_trait]
impl Tamper for TakesNextForExact {
    async fn get_message(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        selector: MessageSelector,
    ) -> Result<StoredMessage> {
        let exact = match selector {
            MessageSelector::Next { from, .. } => MessageSelector::Sequence(from.max(1)),
            other => other,
        };
        admin.get_message(stream, exact).await
    }
}

/// The likely cause: a pause that is shown and that the delivery does not look at.
#[derive(Debug, Default)]
pub(super) struct IgnoresPauses {
    until: Mutex<HashMap<ConsumerName, SystemTime>>,
}

#[async_trait]
impl Tamper for IgnoresPauses {
    async fn pause(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        admin.consumer_info(stream, consumer).await?;
        self.until.lock().unwrap_or_else(PoisonError::into_inner).insert(consumer.clone(), until);
        Ok(())
    }

    async fn resume(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<()> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).remove(consumer);
        admin.resume_consumer(stream, consumer).await
    }

    fn consumer_info(&self, mut info: ConsumerInfo) -> ConsumerInfo {
        info.paused_until =
            self.until.lock().unwrap_or_else(PoisonError::into_inner).get(&info.name).copied();
        info
    }
}

/// The likely cause: a timer that only its end stops.
#[derive(Debug)]
pub(super) struct ResumesNothing;

#[async_trait]
impl Tamper for ResumesNothing {
    async fn resume(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<()> {
        admin.consumer_info(stream, consumer).await.map(drop)
    }
}

/// The likely cause: a cursor that each handle has read already.
#[derive(Debug)]
pub(super) struct ResetsNothing;

#[async_trait]
impl Tamper for ResetsNothing {
    async fn reset(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        let _ = sequence;
        admin.consumer_info(stream, consumer).await
    }
}

/// The likely cause: an answer that is not read.
#[derive(Debug)]
pub(super) struct ResetsAnywhere;

#[async_trait]
impl Tamper for ResetsAnywhere {
    async fn reset(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        match admin.reset_consumer(stream, consumer, sequence).await {
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                admin.consumer_info(stream, consumer).await
            }
            outcome => outcome,
        }
    }
}

/// The likely cause: references that are counted by who settles, and not by who goes.
#[derive(Debug)]
pub(super) struct DeletedConsumersHoldOn;

#[async_trait]
impl Tamper for DeletedConsumersHoldOn {
    async fn delete_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<()> {
        let filters = admin.consumer_info(stream, consumer).await?.config.filters;
        admin.delete_consumer(stream, consumer).await?;
        let mut holder = ConsumerConfig::durable(ConsumerName::new(format!("ghost-{consumer}"))?)?;
        holder.filters = filters;
        // Where it is not allowed, nothing is held.
        let _ = admin.create_consumer(stream, holder).await;
        Ok(())
    }
}

/// The likely cause: a list that is filtered by who asks.
#[derive(Debug)]
pub(super) struct ListsEverySubject;

impl Tamper for ListsEverySubject {
    fn listed_subjects(&self, filter: SubjectFilter) -> SubjectFilter {
        let _ = filter;
        SubjectFilter::all()
    }
}

/// The likely cause: a counter that was never filled in.
#[derive(Debug)]
pub(super) struct CountsNoConsumers;

impl Tamper for CountsNoConsumers {
    fn account(&self, mut account: AccountInfo) -> AccountInfo {
        account.consumers.used = 0;
        account
    }
}

/// The likely cause: a probe that asks the process and not the connection.
#[derive(Debug)]
pub(super) struct IsAlwaysWell;

impl Tamper for IsAlwaysWell {
    fn health(&self, health: Health) -> Health {
        let _ = health;
        Health::healthy()
    }
}

/// The likely cause: a counter that goes up, and not down again.
#[derive(Debug)]
pub(super) struct CountsAllUnsettled;

impl Tamper for CountsAllUnsettled {
    fn consumer_info(&self, mut info: ConsumerInfo) -> ConsumerInfo {
        info.ack_pending = info.delivered.consumer;
        info
    }
}
