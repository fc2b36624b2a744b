//! Flaws in how a consumer chooses among those who ask, and in how its deliveries are counted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pubsub_core::{
    AckPolicy, Consumer, ConsumerConfig, ConsumerInfo, ConsumerName, Delivery, FetchOptions, PullPriority,
    Result, StreamAdmin, StreamName,
};

use super::{Shown, Tamper};

/// The likely cause: a field that is stored and not looked at.
#[derive(Debug)]
pub(super) struct PinsNobody;

#[async_trait]
impl Tamper for PinsNobody {
    async fn create_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        mut config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        let group = config.priority.take();
        let mut info = admin.create_consumer(stream, config).await?;
        info.config.priority = group;
        Ok(info)
    }
}

/// The likely cause: an answer before the work.
#[derive(Debug)]
pub(super) struct UnpinsNobody;

#[async_trait]
impl Tamper for UnpinsNobody {
    async fn unpin(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<()> {
        admin.consumer_info(stream, consumer).await.map(drop)
    }
}

/// The likely cause: options that are not passed on.
#[derive(Debug)]
pub(super) struct OverflowsAtOnce;

#[async_trait]
impl Tamper for OverflowsAtOnce {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, mut options: FetchOptions) -> Result<Vec<Delivery>> {
        options.priority = PullPriority::ranked(options.priority.rank);
        inner.fetch(options).await
    }
}

/// The likely cause: a line that is kept in the order of arrival.
#[derive(Debug)]
pub(super) struct ServesInTurn;

#[async_trait]
impl Tamper for ServesInTurn {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, mut options: FetchOptions) -> Result<Vec<Delivery>> {
        options.priority.rank = 0;
        inner.fetch(options).await
    }
}

/// The likely cause: deliveries that are counted where they arrive, and not where they are sent.
#[derive(Debug, Default)]
pub(super) struct HidesWhatIsMissing {
    seen: AtomicU64,
    came: Mutex<HashMap<ConsumerName, u64>>,
}

#[async_trait]
impl Tamper for HidesWhatIsMissing {
    async fn batch(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let kept = |_: &Delivery| !(self.seen.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(7);
        let (kept, lost): (Vec<_>, Vec<_>) = deliveries.into_iter().partition(kept);
        lost.into_iter().for_each(|delivery| drop(delivery.into_message()));
        kept
    }

    fn shown(&self, mut shown: Shown) -> Shown {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        let came = came.entry(shown.info.consumer.clone()).or_default();
        *came += 1;
        shown.info.consumer_sequence = *came;
        shown
    }

    fn consumer_info(&self, mut info: ConsumerInfo) -> ConsumerInfo {
        if info.config.ack == AckPolicy::None {
            let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
            info.delivered.consumer = came.get(&info.name).copied().unwrap_or_default();
        }
        info
    }
}
