//! Spans of publishes.

use std::sync::Arc;

use opentelemetry::trace::{SpanKind, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};
use pubsub_core::{
    BatchReceipt, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Receipt, Result, StreamName,
};

use super::{Operation, Tracing, count, finish, trace_context};
use crate::around::AroundPublisher;

const PUBLISH: Operation = Operation { name: "publish", class: "send", kind: SpanKind::Producer };

fn stored(span: &Context, stream: &StreamName, sequence: Option<u64>) {
    let span = span.span();
    span.set_attribute(KeyValue::new("messaging.nats.stream", stream.to_string()));
    if let Some(sequence) = sequence {
        span.set_attribute(KeyValue::new("messaging.nats.stream.sequence", count(sequence)));
    }
}

impl Tracing {
    /// Begins the span of one message, and puts its context into the headers.
    fn publishing(&self, message: &mut OutboundMessage) -> Result<Context> {
        let current = Context::current();
        let parent = if current.has_active_span() {
            current
        } else {
            trace_context::remote(&message.headers).unwrap_or(current)
        };
        let template = self.template.of(message.subject.as_str());
        let span = self.start(self.span(format!("publish {template}"), PUBLISH), &parent);
        let attributes = span.span();
        if attributes.is_recording() {
            attributes.set_attributes([
                KeyValue::new("messaging.destination.name", message.subject.to_string()),
                KeyValue::new("messaging.destination.template", template),
                KeyValue::new("messaging.message.body.size", count(message.payload.len())),
            ]);
            if let Some(id) = &message.id {
                attributes.set_attribute(KeyValue::new("messaging.message.id", id.to_string()));
            }
        }
        self.carry(&span, message)?;
        Ok(span)
    }

    pub(super) fn carry(&self, span: &Context, message: &mut OutboundMessage) -> Result<()> {
        if self.headers {
            trace_context::inject(span.span().span_context(), &mut message.headers)
        } else {
            Ok(())
        }
    }
}

/// The span ends with the outcome, or when nobody waits for it any more.
fn accept(span: Context, accepted: Result<PendingReceipt>) -> Result<PendingReceipt> {
    let end = move |outcome: Result<Receipt>| {
        if let Ok(receipt) = &outcome {
            stored(&span, &receipt.stream, receipt.sequence);
        }
        finish(&span, outcome.as_ref().err());
        outcome
    };
    match accepted {
        Ok(pending) => Ok(PendingReceipt::from_future(async move { end(pending.await) })),
        Err(error) => match end(Err(error)) {
            Ok(receipt) => Ok(PendingReceipt::ready(Ok(receipt))),
            Err(error) => Err(error),
        },
    }
}

impl AroundPublisher for Tracing {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        mut message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let span = self.publishing(&mut message)?;
        accept(span, inner.publish_with(message, options).await)
    }

    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        mut messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let spans: Vec<_> = messages.iter_mut().map(|message| self.publishing(message)).collect();
        let outcomes = inner.publish_batch(messages, options).await;
        let each = spans.into_iter().zip(outcomes).map(|(span, outcome)| match span {
            Ok(span) => accept(span, outcome),
            // Without its context the message was published all the same.
            Err(_) => outcome,
        });
        each.collect()
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        mut messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let template =
            messages.first().map_or_else(String::new, |first| self.template.of(first.subject.as_str()));
        let span = self.start(self.span(format!("publish {template}"), PUBLISH), &Context::current());
        span.span().set_attribute(KeyValue::new("messaging.batch.message_count", count(messages.len())));
        for message in &mut messages {
            self.carry(&span, message)?;
        }
        let outcome = inner.publish_atomic(messages, options).await;
        if let Ok(receipt) = &outcome {
            stored(&span, &receipt.stream, Some(receipt.last_sequence));
        }
        finish(&span, outcome.as_ref().err());
        outcome
    }
}
