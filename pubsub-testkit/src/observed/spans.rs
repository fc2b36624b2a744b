//! The spans of one case, by the interface of OpenTelemetry: [`Spans`].

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer,
};
use opentelemetry::{Context, KeyValue};

/// One span, as far as it tells what belongs together.
#[derive(Debug, Clone)]
pub(crate) struct SpanFacts {
    pub(crate) name: String,
    pub(crate) trace: TraceId,
    pub(crate) id: SpanId,
    pub(crate) parent: SpanId,
    /// The spans that it has a link to.
    pub(crate) links: Vec<SpanId>,
}

/// All spans that were begun, in that order. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<Vec<SpanFacts>>>);

impl Spans {
    /// What makes them.
    pub(crate) fn tracer(&self) -> BoxedTracer {
        BoxedTracer::new(Box::new(self.clone()))
    }

    /// Those whose names begin so.
    pub(crate) fn named(&self, beginning: &str) -> Vec<SpanFacts> {
        self.all().iter().filter(|span| span.name.starts_with(beginning)).cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, Vec<SpanFacts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tracer for Spans {
    type Span = OneSpan;

    fn build_with_context(&self, builder: SpanBuilder, parent_cx: &Context) -> OneSpan {
        let around = parent_cx.span().span_context().clone();
        let trace = if around.is_valid() { around.trace_id() } else { TraceId::from(fastrand::u128(1..)) };
        let id = SpanId::from(fastrand::u64(1..));
        let context = SpanContext::new(trace, id, TraceFlags::SAMPLED, false, TraceState::default());
        let links =
            builder.links.unwrap_or_default().iter().map(|link| link.span_context.span_id()).collect();
        let name = builder.name.into_owned();
        self.all().push(SpanFacts { name, trace, id, parent: around.span_id(), links });
        OneSpan { spans: self.clone(), context }
    }
}

/// One of them, while it is under way.
#[derive(Debug)]
pub(crate) struct OneSpan {
    spans: Spans,
    context: SpanContext,
}

impl OneSpan {
    fn change(&self, change: impl FnOnce(&mut SpanFacts)) {
        if let Some(span) = self.spans.all().iter_mut().find(|span| span.id == self.context.span_id()) {
            change(span);
        }
    }
}

impl Span for OneSpan {
    fn add_event_with_timestamp<T>(&mut self, _: T, _: SystemTime, _: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        true
    }

    fn set_attribute(&mut self, _: KeyValue) {}

    fn set_status(&mut self, _: Status) {}

    fn update_name<T>(&mut self, new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        self.change(|span| span.name = new_name.into().into_owned());
    }

    fn add_link(&mut self, span_context: SpanContext, _: Vec<KeyValue>) {
        self.change(|span| span.links.push(span_context.span_id()));
    }

    fn end_with_timestamp(&mut self, _: SystemTime) {}
}
