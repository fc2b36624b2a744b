//! A consumer as cases use it: [`TestConsumer`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Consumer, ConsumerInfo, ConsumerName, Delivery, DeliveryInfo, FetchOptions, StreamName};

use super::Trial;
use crate::check::{CaseResult, Failure, check, check_eq, placed};
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
        Self { trial, stream, name, handle }
    }

    pub(crate) fn trial(&self) -> &'t Trial {
        self.trial
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
    #[track_caller]
    pub(crate) fn fetch(
        &self,
        most: usize,
        expires: Duration,
    ) -> impl Future<Output = CaseResult<Vec<Delivery>>> + Send {
        placed(self.fetch_batch(most, expires))
    }

    /// The next delivery; fails if none comes.
    #[track_caller]
    pub(crate) fn next(&self) -> impl Future<Output = CaseResult<Delivery>> + Send {
        placed(async move {
            let came = self.fetch_batch(1, self.trial.patience()).await?.pop();
            came.ok_or_else(|| Failure::new("no message came"))
        })
    }

    /// So many deliveries, over as many fetches as it takes; fails if they do not come.
    #[track_caller]
    pub(crate) fn take(&self, count: usize) -> impl Future<Output = CaseResult<Vec<Delivery>>> + Send {
        placed(async move {
            let mut taken = Vec::with_capacity(count);
            while taken.len() < count {
                taken.extend(self.some_of(count, taken.len()).await?);
            }
            Ok(taken)
        })
    }

    /// Takes so many messages, acks them as they come, and tells what they were, in the order in which they came. One that
    /// comes again, because its ack was too late on a busy machine, is acked and not counted again.
    #[track_caller]
    pub(crate) fn take_and_ack(
        &self,
        count: usize,
    ) -> impl Future<Output = CaseResult<Vec<DeliveryInfo>>> + Send {
        placed(async move {
            let (mut taken, mut known) = (Vec::with_capacity(count), BTreeSet::new());
            while taken.len() < count {
                for delivery in self.some_of(count, taken.len()).await? {
                    if known.insert(delivery.info().stream_sequence) {
                        taken.push(delivery.info().clone());
                    }
                    delivery.ack().await?;
                }
            }
            Ok(taken)
        })
    }

    /// Proves that nothing is to come: nothing comes within two ack waits, and then a new message to `label` is the
    /// very next delivery. The message is acked.
    #[track_caller]
    pub(crate) fn stays_silent(&self, label: &str) -> impl Future<Output = CaseResult> + Send {
        placed(self.silence_and_sentinel(label))
    }

    async fn fetch_batch(&self, most: usize, expires: Duration) -> CaseResult<Vec<Delivery>> {
        Ok(self.handle.fetch(FetchOptions::up_to(most).with_expires(expires)).await?)
    }

    /// Some of the deliveries that are still to come.
    async fn some_of(&self, count: usize, taken: usize) -> CaseResult<Vec<Delivery>> {
        let batch = self.fetch_batch((count - taken).min(BATCH), self.trial.patience()).await?;
        check!(!batch.is_empty(), "{taken} of {count} messages came, and then none");
        Ok(batch)
    }

    async fn silence_and_sentinel(&self, label: &str) -> CaseResult {
        let ack_wait = self.info().await?.config.ack_wait;
        let came = self.fetch_batch(1, ack_wait * 2).await?;
        if let Some(delivery) = came.first() {
            let info = delivery.info();
            let (sequence, attempt) = (info.stream_sequence, info.attempt);
            check!(false, "nothing was to come, and sequence {sequence} came as attempt {attempt}");
        }
        let sentinel = self.trial.publish(label, "sentinel").await?;
        let delivery = self.next().await?;
        let info = delivery.info();
        check_eq!(Some(info.stream_sequence), sentinel.sequence, "the next delivery after the silence");
        check_eq!(info.attempt, 1, "the attempt of the next delivery after the silence");
        Ok(delivery.ack_confirmed_if_possible(self.trial).await?)
    }

    /// Says that every message stored until now that the filters match must have come: the judge checks it.
    pub(crate) fn drained(&self) {
        let key = ConsumerKey { stream: self.stream.clone(), consumer: self.name.clone() };
        self.trial.history().record(What::Drained { key });
    }

    /// Waits until the consumer's counters are as wanted.
    #[track_caller]
    pub(crate) fn eventually(
        &self,
        what: &str,
        condition: impl Fn(&ConsumerInfo) -> bool + Send + Sync,
    ) -> impl Future<Output = CaseResult> + Send {
        placed(async move {
            let holds = || async { Ok(condition(&self.info().await?)) };
            self.trial.eventually(what, holds).await
        })
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
