//! What is measured of publishes.

use std::sync::Arc;

use metrics::{SharedString, counter, gauge, histogram};
use pubsub_core::{
    BatchReceipt, Error, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Receipt, Result,
};
use tokio::time::Instant;

use super::Metrics;
use super::names::{PUBLISH_SECONDS, PUBLISHED_BYTES, PUBLISHES, PUBLISHES_IN_FLIGHT};
use crate::around::AroundPublisher;

/// One publish under way. Its gauge goes down when it is gone, however it ends.
struct Publish {
    subject: SharedString,
    bytes: u64,
    began: Instant,
}

impl Publish {
    fn begin(layer: &Metrics, message: &OutboundMessage) -> Self {
        gauge!(PUBLISHES_IN_FLIGHT).increment(1.0);
        let subject = layer.labels.subject(message.subject.as_str());
        Self { subject, bytes: message.payload.len() as u64, began: Instant::now() }
    }

    fn end(&self, outcome: Result<bool, &Error>) {
        let word = match outcome {
            Ok(false) => "stored",
            Ok(true) => "duplicate",
            Err(error) if error.is_effect_unknown() => "unknown",
            Err(_) => "rejected",
        };
        counter!(PUBLISHES, "subject" => self.subject.clone(), "outcome" => word).increment(1);
        if word == "stored" {
            counter!(PUBLISHED_BYTES, "subject" => self.subject.clone()).increment(self.bytes);
        }
        histogram!(PUBLISH_SECONDS, "subject" => self.subject.clone()).record(self.began.elapsed());
    }

    fn accept(self, accepted: Result<PendingReceipt>) -> Result<PendingReceipt> {
        match accepted {
            Ok(pending) => Ok(PendingReceipt::from_future(async move {
                let outcome = pending.await;
                self.end(outcome.as_ref().map(Receipt::is_duplicate));
                outcome
            })),
            Err(error) => {
                self.end(Err(&error));
                Err(error)
            }
        }
    }
}

impl Drop for Publish {
    fn drop(&mut self) {
        gauge!(PUBLISHES_IN_FLIGHT).decrement(1.0);
    }
}

impl AroundPublisher for Metrics {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let publish = Publish::begin(self, &message);
        publish.accept(inner.publish_with(message, options).await)
    }

    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let publishes: Vec<_> = messages.iter().map(|message| Publish::begin(self, message)).collect();
        let outcomes = inner.publish_batch(messages, options).await;
        publishes.into_iter().zip(outcomes).map(|(publish, outcome)| publish.accept(outcome)).collect()
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let publishes: Vec<_> = messages.iter().map(|message| Publish::begin(self, message)).collect();
        let outcome = inner.publish_atomic(messages, options).await;
        for publish in &publishes {
            publish.end(outcome.as_ref().map(|_| false));
        }
        outcome
    }
}
