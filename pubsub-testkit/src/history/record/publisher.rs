use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Capabilities, Capability, OutboundMessage, PendingReceipt, PublishOptions, Publisher,
    Result,
};

use crate::history::History;
use crate::history::event::{Number, Published, What};

#[derive(Debug)]
pub(super) struct RecordedPublisher {
    inner: Arc<dyn Publisher>,
    history: History,
    publisher: Number,
}

impl RecordedPublisher {
    pub(super) fn new(inner: Arc<dyn Publisher>, history: History) -> Self {
        let publisher = history.number();
        Self { inner, history, publisher }
    }

    fn called(&self, message: &OutboundMessage, may_retry: bool) -> Number {
        let publish = self.history.number();
        self.history.record_publish(publish, self.publisher, message, may_retry);
        publish
    }

    /// Whether the backend may try again what is published so, and give it an id for that.
    fn may_retry(&self, options: &PublishOptions) -> bool {
        options.retry != Some(false) && self.inner.capabilities().has(Capability::PublishRetry)
    }

    fn accepted(&self, publish: Number, outcome: Result<PendingReceipt>) -> Result<PendingReceipt> {
        match outcome {
            Ok(pending) => {
                self.history.record(What::PublishAccepted { publish });
                let history = self.history.clone();
                Ok(PendingReceipt::from_future(async move {
                    let outcome = pending.await;
                    history.record(What::PublishEnded { publish, outcome: Published::from(&outcome) });
                    outcome
                }))
            }
            Err(error) => {
                let outcome = Err(error);
                self.history.record(What::PublishEnded { publish, outcome: Published::from(&outcome) });
                outcome.map(|receipt| PendingReceipt::ready(Ok(receipt)))
            }
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Publisher for RecordedPublisher {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let publish = self.called(&message, self.may_retry(&options));
        let outcome = self.inner.publish_with(message, options).await;
        self.accepted(publish, outcome)
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let may_retry = self.may_retry(&options);
        let publishes: Vec<_> = messages.iter().map(|message| self.called(message, may_retry)).collect();
        let outcomes = self.inner.publish_batch(messages, options).await;
        let both = publishes.into_iter().zip(outcomes);
        both.map(|(publish, outcome)| self.accepted(publish, outcome)).collect()
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let publishes: Vec<_> = messages.iter().map(|message| self.called(message, false)).collect();
        let outcome = self.inner.publish_atomic(messages, options).await;
        let count = publishes.len();
        for (index, publish) in publishes.into_iter().enumerate() {
            let outcome = match &outcome {
                Ok(batch) => Published::Stored {
                    stream: batch.stream.clone(),
                    sequence: (batch.last_sequence + 1 + index as u64).checked_sub(count as u64),
                },
                Err(error) if error.is_effect_unknown() => Published::Unknown { kind: error.kind() },
                Err(error) => Published::Rejected { kind: error.kind() },
            };
            self.history.record(What::PublishEnded { publish, outcome });
        }
        outcome
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
