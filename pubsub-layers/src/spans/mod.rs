//! Spans of OpenTelemetry, and trace context in headers: [`Tracing`].

mod consuming;
mod handler;
mod publishing;
mod trace_context;

use std::borrow::Cow;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};
use pubsub_core::{Consumer, Error, Layer, Publisher};

use crate::around::{ConsumerAround, PublisherAround};
use crate::subject_class::SubjectClass;

/// A layer that makes spans of OpenTelemetry, by its conventions for messaging, and carries the W3C trace context from who publishes to
/// who handles, in the headers `traceparent` and `tracestate`.
///
/// | span | kind | what it is for |
/// |---|---|---|
/// | `publish ride.>` | producer | from the call to the receipt; its context goes into the message's headers |
/// | `receive CONSUMER` | client | a fetch that gave messages, or an error; a link to the context of each message |
/// | `process CONSUMER` | consumer | an attempt of a handler, as a child of the message's context; around routes ([`Router::layer`](pubsub_core::worker::Router::layer)) |
/// | `ack`, `nak`, `term` | client | a settlement; a link to the message's context |
///
/// A publish is a child of the current context, or else of the one in the message's headers. What a handler returns is published as a
/// child of its `process` span. An atomic batch is one span. The attributes are `messaging.system`, `messaging.operation.name` and `.type`,
/// `messaging.destination.name` (the subject) and `.template`, `messaging.message.id` and `.body.size`, `messaging.batch.message_count`,
/// `messaging.consumer.group.name` (the consumer), `messaging.nats.stream`, `messaging.nats.stream.sequence`,
/// `messaging.nats.attempt`, and `error.type` (the kind of the error). Neither payloads nor other headers are in them.
///
/// The current context is that of the crate `opentelemetry`; with `tracing`, the bridge `tracing-opentelemetry` sets it.
///
/// **Place**: outermost, so that a span has the whole time in it.
///
/// ```
/// use pubsub_layers::Tracing;
///
/// let layer = Tracing::global().with_template(|subject| subject.split('.').take(2).collect::<Vec<_>>().join("."));
/// # drop(layer);
/// ```
#[derive(Clone)]
pub struct Tracing {
    tracer: Arc<BoxedTracer>,
    system: Cow<'static, str>,
    template: SubjectClass,
    headers: bool,
}

impl Tracing {
    /// Spans of the tracer provider that is set now ([`opentelemetry::global::set_tracer_provider`]). Without one there are none,
    /// and the context in the headers is passed on as it is.
    #[must_use]
    pub fn global() -> Self {
        Self::by(opentelemetry::global::tracer("pubsub-layers"))
    }

    /// Spans of this tracer.
    #[must_use]
    pub fn by(tracer: BoxedTracer) -> Self {
        Self {
            tracer: Arc::new(tracer),
            system: Cow::Borrowed("nats"),
            template: SubjectClass::first_token(),
            headers: true,
        }
    }

    /// Sets `messaging.system`, by default `nats`.
    #[must_use]
    pub fn with_system(mut self, system: impl Into<Cow<'static, str>>) -> Self {
        self.system = system.into();
        self
    }

    /// Sets what stands for a subject in the names of spans, and as `messaging.destination.template`. There should be few:
    /// by default it is the first token.
    #[must_use]
    pub fn with_template(mut self, template: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.template = SubjectClass::by(template);
        self
    }

    /// Leaves the headers of messages as they are: spans, but no context for those who read.
    #[must_use]
    pub fn without_headers(mut self) -> Self {
        self.headers = false;
        self
    }

    /// Begins a span of these conventions.
    fn span(&self, name: String, operation: Operation) -> SpanBuilder {
        SpanBuilder::from_name(name).with_kind(operation.kind).with_attributes([
            KeyValue::new("messaging.system", self.system.clone().into_owned()),
            KeyValue::new("messaging.operation.name", operation.name),
            KeyValue::new("messaging.operation.type", operation.class),
        ])
    }

    fn start(&self, builder: SpanBuilder, parent: &Context) -> Context {
        parent.with_span(builder.start_with_context(self.tracer.as_ref(), parent))
    }
}

/// What a span is about.
struct Operation {
    name: &'static str,
    /// As the conventions class it: `send`, `receive`, `process` or `settle`.
    class: &'static str,
    kind: SpanKind,
}

/// Ends a span with what went wrong, if something did.
fn finish(span: &Context, error: Option<&Error>) {
    let span = span.span();
    if let Some(error) = error {
        span.set_attribute(KeyValue::new("error.type", error.kind().as_str()));
        span.set_status(Status::error(error.kind().as_str()));
    }
    span.end();
}

/// A number that OpenTelemetry, which has signed ones only, can hold.
fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

impl Debug for Tracing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing")
            .field("system", &self.system)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

impl Layer for Tracing {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, self.clone())
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        ConsumerAround::over(inner, self.clone())
    }
}
