//! A consumer as cases use it: [`TestConsumer`].

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Consumer, ConsumerInfo, ConsumerName, Delivery, DeliveryInfo, FetchOptions, StreamName};
use tokio::time::Instant;

use super::Trial;
use crate::check::{CaseResult, Failure, check, check_eq};
use crate::history::event::{ConsumerKey, What};

/// The most messages that one fetch of a shortcut asks for.
const BATCH: usize = 500;

/// A handle on a consumer, and what a case does with it.
#[derive(Debug)]
pub(crate) struct TestConsumer<'t> {
    trial: &'t Trial,
    stream: StreamName,
    name: ConsumerName,
    handle: Arc<dyn Consumer>,
}

impl<'t> TestConsumer<'t> {
    pub(crate) fn new(
        trial: &'t Trial,
        stream: StreamName,
        name: ConsumerName,
        handle: Arc<dyn Consumer>,
    ) -> Self {
        Self {
            trial,
            stream,
            name,
            handle,
        }
    }

    pub(crate) fn stream(&self) -> &StreamName {
        &self.stream
    }

    pub(crate) fn name(&self) -> &ConsumerName {
        &self.name
    }

    /// The handle itself, for `subscribe` and for tasks.
    pub(crate) fn handle(&self) -> &Arc<dyn Consumer> {
        &self.handle
    }

    pub(crate) async fn info(&self) -> CaseResult<ConsumerInfo> {
        Ok(self.handle.info().await?)
    }

    /// One fetch, as it comes.
    pub(crate) async fn fetch(&self, most: usize, expires: Duration) -> CaseResult<Vec<Delivery>> {
        Ok(self
            .handle
            .fetch(FetchOptions::up_to(most).with_expires(expires))
            .await?)
    }

    /// The next delivery; fails if none comes.
    #[track_caller]
    pub(crate) fn next(&self) -> impl Future<Output = CaseResult<Delivery>> + Send {
        let nothing = Failure::new("no message came");
        async move { self.fetch(1, self.trial.patience()).await?.pop().ok_or(nothing) }
    }

    /// So many deliveries, over as many fetches as it takes; fails if they do not come.
    pub(crate) async fn take(&self, count: usize) -> CaseResult<Vec<Delivery>> {
        let deadline = Instant::now() + self.trial.patience();
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            let batch = self.fetch((count - taken.len()).min(BATCH), left).await?;
            check!(
                !batch.is_empty(),
                "{} of {count} messages came, and then none",
                taken.len()
            );
            taken.extend(batch);
        }
        Ok(taken)
    }

    /// Takes so many deliveries, acks them as they come, and tells what they were, in the order in which they came.
    pub(crate) async fn take_and_ack(&self, count: usize) -> CaseResult<Vec<DeliveryInfo>> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            let most = (count - taken.len()).min(BATCH);
            let batch = self.fetch(most, self.trial.patience()).await?;
            check!(!batch.is_empty(), "{} of {count} messages came, and then none", taken.len());
            for delivery in batch {
                taken.push(delivery.info().clone());
                delivery.ack().await?;
            }
        }
        Ok(taken)
    }

    /// Proves that nothing is to come: nothing comes within two ack waits, and then a new message to `label` is the
    /// very next delivery. The message is acked.
    pub(crate) async fn stays_silent(&self, label: &str) -> CaseResult {
        let ack_wait = self.info().await?.config.ack_wait;
        let came = self.fetch(1, ack_wait * 2).await?;
        if let Some(delivery) = came.first() {
            let info = delivery.info();
            let (sequence, attempt) = (info.stream_sequence, info.attempt);
            check!(
                false,
                "nothing was to come, and sequence {sequence} came as attempt {attempt}"
            );
        }
        let sentinel = self.trial.publish(label, "sentinel").await?;
        let delivery = self.next().await?;
        check_eq!(
            Some(delivery.info().stream_sequence),
            sentinel.sequence,
            "the next delivery after the silence"
        );
        check_eq!(
            delivery.info().attempt,
            1,
            "the attempt of the next delivery after the silence"
        );
        Ok(delivery.ack_confirmed_if_possible(self.trial).await?)
    }

    /// Says that every message stored until now that the filters match must have come: the judge checks it.
    pub(crate) fn drained(&self) {
        let key = ConsumerKey {
            stream: self.stream.clone(),
            consumer: self.name.clone(),
        };
        self.trial.history().record(What::Drained { key });
    }

    /// Waits until the consumer's counters are as wanted.
    pub(crate) async fn eventually(
        &self,
        what: &str,
        condition: impl Fn(&ConsumerInfo) -> bool + Send + Sync,
    ) -> CaseResult {
        let holds = || async { Ok(condition(&self.info().await?)) };
        self.trial.eventually(what, holds).await
    }
}

/// Settling so that the next look at the counters sees it, where the backend can.
pub(crate) trait SettleSurely {
    async fn ack_confirmed_if_possible(self, trial: &Trial) -> pubsub_core::Result<()>;
}

impl SettleSurely for Delivery {
    async fn ack_confirmed_if_possible(self, trial: &Trial) -> pubsub_core::Result<()> {
        if trial.has(pubsub_core::Capability::ConfirmedSettlement) {
            self.ack_confirmed().await
        } else {
            self.ack().await
        }
    }
}
