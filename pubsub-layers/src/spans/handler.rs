//! Spans of handlers.

use futures::future::BoxFuture;
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};
use pubsub_core::worker::{Incoming, Next, Response, RouteLayer};

use super::consuming::facts;
use super::{Operation, Tracing, count, trace_context};

const PROCESS: Operation = Operation { name: "process", class: "process", kind: SpanKind::Consumer };

impl RouteLayer for Tracing {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let message = incoming.message();
        let parent = trace_context::remote(message.headers()).unwrap_or_else(Context::current);
        let span = self.start(self.span(format!("process {}", message.info().consumer), PROCESS), &parent);
        if span.span().is_recording() {
            span.span().set_attributes(facts(message.info()));
            span.span().set_attributes([
                KeyValue::new("messaging.destination.name", message.subject().to_owned()),
                KeyValue::new("messaging.destination.template", self.template.of(message.subject())),
                KeyValue::new("messaging.message.body.size", count(message.payload().len())),
                KeyValue::new("messaging.nats.attempt", count(incoming.attempt())),
            ]);
        }
        let (layer, inside) = (self.clone(), span.clone());
        let running = {
            let _current = span.clone().attach();
            next.run(incoming)
        };
        Box::pin(async move {
            let mut response = running.with_context(inside).await;
            for message in response.messages_mut() {
                // A header that cannot be is left out; the message is sound without.
                let _ = layer.carry(&span, message);
            }
            if let Some(failure) = response.failure() {
                let kind = if failure.is_final() { "rejected" } else { "failed" };
                span.span().set_attribute(KeyValue::new("error.type", kind));
                span.span().set_status(Status::error(kind));
            }
            span.span().end();
            response
        })
    }
}
