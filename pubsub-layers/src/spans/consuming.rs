//! Spans of fetches and settlements.

use std::sync::Arc;
use std::time::SystemTime;

use futures::stream::BoxStream;
use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};
use pubsub_core::{
    Consumer, Delivery, DeliveryInfo, FetchOptions, Message, Result, Settlement, SettlementKind,
    SubscribeOptions,
};

use super::{Operation, Tracing, count, finish, trace_context};
use crate::around::{AroundConsumer, AroundMessage, around_delivery, deliveries};

const RECEIVE: Operation = Operation { name: "receive", class: "receive", kind: SpanKind::Client };

pub(super) fn facts(info: &DeliveryInfo) -> [KeyValue; 4] {
    [
        KeyValue::new("messaging.consumer.group.name", info.consumer.to_string()),
        KeyValue::new("messaging.nats.stream", info.stream.to_string()),
        KeyValue::new("messaging.nats.stream.sequence", count(info.stream_sequence)),
        KeyValue::new("messaging.nats.attempt", count(info.attempt)),
    ]
}

fn link(message: &dyn Message) -> Option<Link> {
    trace_context::extract(message.headers()).map(Link::with_context)
}

impl Tracing {
    /// A span for what came: with nothing there is none, or each empty fetch of a quiet day would be one.
    fn received(&self, began: SystemTime, outcome: &Result<Vec<Delivery>>) {
        if outcome.as_ref().is_ok_and(Vec::is_empty) {
            return;
        }
        let batch = outcome.as_deref().unwrap_or_default();
        let consumer = batch.first().map(|first| &first.info().consumer);
        let name = consumer.map_or_else(|| "receive".to_owned(), |consumer| format!("receive {consumer}"));
        let links = batch.iter().filter_map(|delivery| link(&**delivery)).collect();
        let builder = self.span(name, RECEIVE).with_start_time(began).with_links(links);
        let span = self.start(builder, &Context::current());
        span.span().set_attribute(KeyValue::new("messaging.batch.message_count", count(batch.len())));
        if let Some(first) = batch.first() {
            let [consumer, stream, ..] = facts(first.info());
            span.span().set_attributes([consumer, stream]);
        }
        finish(&span, outcome.as_ref().err());
    }
}

impl AroundConsumer for Tracing {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let began = SystemTime::now();
        let outcome = inner.fetch(options).await;
        self.received(began, &outcome);
        Ok(outcome?.into_iter().map(|delivery| around_delivery(delivery, self.clone())).collect())
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let layer = self.clone();
        deliveries(inner, options, move |delivery| around_delivery(delivery, layer.clone()))
    }
}

impl AroundMessage for Tracing {
    fn settle_now(&self, inner: &dyn Message, settlement: &Settlement) -> Option<Result<()>> {
        let began = SystemTime::now();
        // With `None` nothing has happened, and there is nothing to tell of.
        let outcome = inner.settle_now(settlement)?;
        finish(&self.settling(inner, settlement, began), outcome.as_ref().err());
        Some(outcome)
    }

    async fn settle(self, inner: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let span = self.settling(inner.as_ref(), &settlement, SystemTime::now());
        let outcome = inner.settle(settlement).await;
        finish(&span, outcome.as_ref().err());
        outcome
    }
}

impl Tracing {
    fn settling(&self, message: &dyn Message, settlement: &Settlement, began: SystemTime) -> Context {
        let name = match settlement.kind() {
            SettlementKind::Ack => "ack",
            SettlementKind::Nak { .. } => "nak",
            SettlementKind::Term { .. } => "term",
            _ => "settle",
        };
        let operation = Operation { name, class: "settle", kind: SpanKind::Client };
        let links = link(message).into_iter().collect();
        let builder = self.span(name.to_owned(), operation).with_start_time(began).with_links(links);
        let span = self.start(builder, &Context::current());
        let attributes = span.span();
        if attributes.is_recording() {
            attributes.set_attributes(facts(message.info()));
            attributes
                .set_attribute(KeyValue::new("messaging.destination.name", message.subject().to_owned()));
        }
        span
    }
}
