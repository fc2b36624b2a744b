//! What is measured of deliveries and settlements.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::{BoxStream, StreamExt as _};
use metrics::{counter, gauge};
use pubsub_core::{
    Consumer, Delivery, Error, FetchOptions, Message, Result, Settlement, SettlementKind, SubscribeOptions,
};

use super::Metrics;
use super::labels::ConsumerLabels;
use super::names::{CONSUME_ERRORS, DELIVERIES, LAG, SETTLEMENTS, UNSETTLED};
use crate::around::{AroundConsumer, AroundMessage, around_delivery};

/// One delivery that this process holds. What was not settled when it is gone was returned.
#[derive(Debug)]
struct Held {
    labels: ConsumerLabels,
    settled: AtomicBool,
}

impl Metrics {
    fn hold(&self, delivery: Delivery) -> Delivery {
        let info = delivery.info();
        let labels = self.labels.consumer(&info.stream, &info.consumer);
        let (stream, consumer) = (labels.stream.clone(), labels.consumer.clone());
        let redelivery = if info.is_redelivery() { "true" } else { "false" };
        counter!(DELIVERIES, "stream" => stream.clone(), "consumer" => consumer.clone(), "redelivery" => redelivery)
            .increment(1);
        #[expect(clippy::cast_precision_loss, reason = "a lag of 2^53 is not told from the next")]
        gauge!(LAG, "stream" => stream.clone(), "consumer" => consumer.clone()).set(info.pending as f64);
        gauge!(UNSETTLED, "stream" => stream, "consumer" => consumer).increment(1.0);
        around_delivery(delivery, Held { labels, settled: AtomicBool::new(false) })
    }
}

fn failed(error: &Error) {
    counter!(CONSUME_ERRORS, "kind" => error.kind().as_str()).increment(1);
}

impl Held {
    fn count(&self, kind: &'static str, outcome: &'static str) {
        let (stream, consumer) = (self.labels.stream.clone(), self.labels.consumer.clone());
        counter!(
            SETTLEMENTS, "stream" => stream, "consumer" => consumer, "kind" => kind, "outcome" => outcome
        )
        .increment(1);
    }

    fn settled(&self, settlement: &Settlement, outcome: &Result<()>) {
        self.settled.store(true, Ordering::Relaxed);
        let kind = match settlement.kind() {
            SettlementKind::Ack => "ack",
            SettlementKind::Nak { .. } => "nak",
            SettlementKind::Term { .. } => "term",
            _ => "other",
        };
        self.count(kind, if outcome.is_ok() { "ok" } else { "failed" });
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let (stream, consumer) = (self.labels.stream.clone(), self.labels.consumer.clone());
        gauge!(UNSETTLED, "stream" => stream, "consumer" => consumer).decrement(1.0);
        if !*self.settled.get_mut() {
            self.count("returned", "ok");
        }
    }
}

impl AroundMessage for Held {
    async fn settle(self, inner: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let outcome = inner.settle(settlement.clone()).await;
        self.settled(&settlement, &outcome);
        outcome
    }

    fn settle_now(&self, inner: &dyn Message, settlement: &Settlement) -> Option<Result<()>> {
        let outcome = inner.settle_now(settlement)?;
        self.settled(settlement, &outcome);
        Some(outcome)
    }
}

impl AroundConsumer for Metrics {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        match inner.fetch(options).await {
            Ok(batch) => Ok(batch.into_iter().map(|delivery| self.hold(delivery)).collect()),
            Err(error) => {
                failed(&error);
                Err(error)
            }
        }
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let layer = self.clone();
        let held = inner.subscribe(options).map(move |next| match next {
            Ok(delivery) => Ok(layer.hold(delivery)),
            Err(error) => {
                failed(&error);
                Err(error)
            }
        });
        held.boxed()
    }
}
