//! Flaws by one, and by a little more, in where something is moved to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use pubsub_core::admin::PurgeExtent;
use pubsub_core::{
    ConsumerConfig, ConsumerInfo, ConsumerName, DeliverPolicy, Purge, Result, StreamAdmin, StreamConfig,
    StreamInfo, StreamName,
};

use super::Tamper;

/// The likely cause: the last one that is done, where the next one is meant.
#[derive(Debug)]
pub(super) struct ResetsOneTooLate;

#[async_trait]
impl Tamper for ResetsOneTooLate {
    async fn reset(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
        sequence: Option<u64>,
    ) -> Result<ConsumerInfo> {
        admin.reset_consumer(stream, consumer, sequence.map(|sequence| sequence + 1)).await
    }
}

/// The likely cause: a local time that is taken for UTC.
#[derive(Debug)]
pub(super) struct PausesForLonger;

#[async_trait]
impl Tamper for PausesForLonger {
    async fn pause(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
        until: SystemTime,
    ) -> Result<()> {
        admin.pause_consumer(stream, consumer, until + Duration::from_secs(3600)).await
    }
}

/// The likely cause: "below" read as "up to".
#[derive(Debug)]
pub(super) struct PurgesOneTooMany;

#[async_trait]
impl Tamper for PurgesOneTooMany {
    async fn purge(&self, admin: &dyn StreamAdmin, stream: &StreamName, mut purge: Purge) -> Result<u64> {
        if let PurgeExtent::UpTo(sequence) = purge.extent {
            purge.extent = PurgeExtent::UpTo(sequence + 1);
        }
        admin.purge_stream(stream, purge).await
    }
}

/// The likely cause: a number to keep that is applied to what is left, the newest one aside.
#[derive(Debug)]
pub(super) struct KeepsOneMore;

#[async_trait]
impl Tamper for KeepsOneMore {
    async fn purge(&self, admin: &dyn StreamAdmin, stream: &StreamName, mut purge: Purge) -> Result<u64> {
        if let PurgeExtent::Keep(messages) = purge.extent {
            purge.extent = PurgeExtent::Keep(messages + 1);
        }
        admin.purge_stream(stream, purge).await
    }
}

/// The likely cause: a change that is made of a deletion and a creation.
#[derive(Debug)]
pub(super) struct UpdatesAnew;

#[async_trait]
impl Tamper for UpdatesAnew {
    async fn update_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        admin.delete_stream(&config.name).await?;
        admin.create_stream(config).await
    }
}

/// The likely cause: a page that is not full and so is not asked for.
#[derive(Debug)]
pub(super) struct ListsConsumersButTheLast;

impl Tamper for ListsConsumersButTheLast {
    fn listed_consumers(&self, mut listed: Vec<ConsumerInfo>) -> Vec<ConsumerInfo> {
        listed.pop();
        listed
    }
}

/// The likely cause: a position by the name of the consumer, which outlives it.
#[derive(Debug, Default)]
pub(super) struct RemembersDeletedConsumers {
    stood: Mutex<HashMap<(StreamName, ConsumerName), u64>>,
}

#[async_trait]
impl Tamper for RemembersDeletedConsumers {
    async fn create_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        asked: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        let mut config = asked.clone();
        if let Some(name) = &asked.name {
            let place = (stream.clone(), name.clone());
            if let Some(last) = self.stood.lock().unwrap_or_else(PoisonError::into_inner).remove(&place) {
                config.deliver = DeliverPolicy::FromSequence(last + 1);
            }
        }
        let mut info = admin.create_consumer(stream, config).await?;
        info.config = asked;
        Ok(info)
    }

    async fn delete_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<()> {
        let last = admin.consumer_info(stream, consumer).await?.delivered.stream;
        admin.delete_consumer(stream, consumer).await?;
        let place = (stream.clone(), consumer.clone());
        self.stood.lock().unwrap_or_else(PoisonError::into_inner).insert(place, last);
        Ok(())
    }
}
