//! Each layer, and the recommended stack, keeps every promise of the backend below it: the whole suite runs through each, over the memory
//! backend.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Layer, MessageId};
use pubsub_layers::{
    Audit, CircuitBreaker, Compression, ConcurrencyLimit, MessageIds, Metrics, RateLimit, Retry, Stack,
    Timeout, Tracing, TracingSink,
};
use pubsub_testkit::{Harness, Layered, MemoryHarness};

/// A fresh layer for each store, as each program has its own.
fn through<L: Layer>(layer: impl Fn() -> L) -> impl Harness {
    let layer: Arc<dyn Layer> = Arc::new(layer());
    Layered::new(MemoryHarness::new(), move |client| client.with_layer(Arc::clone(&layer)))
}

/// Some cases count the bytes that payloads of 1,000 take.
const THRESHOLD: usize = 1001;

/// Spans that nobody looks at.
fn tracing() -> Tracing {
    use opentelemetry::trace::TracerProvider as _;
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let tracer = opentelemetry::global::BoxedTracer::new(Box::new(provider.tracer("suite")));
    // Headers are compared in the suite; `spans` shows what is added to them.
    Tracing::by(tracer).without_headers()
}

/// An id for each message that has a header and no id: messages without either are compared with what they were, and one of the largest
/// size has no room for an id. Not by content, since the suite means it when it says the same twice.
fn ids() -> MessageIds {
    let made = std::sync::atomic::AtomicU64::new(0);
    MessageIds::by(move |message| {
        if message.headers.is_empty() || message.payload.len() >= THRESHOLD {
            return Ok(None);
        }
        let number = made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        MessageId::new(format!("made-{number}")).map(Some)
    })
}

fn strict_audit() -> Audit {
    Audit::new("suite", Arc::new(TracingSink))
        .strict()
        .with_payload(|_, payload| Some(format!("{payload:?}")))
}

mod timeout {
    pubsub_testkit::suite!(super::through(|| super::Timeout::new(super::Duration::from_secs(30))));
}

mod circuit_breaker {
    pubsub_testkit::suite!(super::through(|| super::CircuitBreaker::new("suite")));
}

mod retry {
    pubsub_testkit::suite!(super::through(|| super::Retry::within(super::Duration::from_secs(10))));
}

mod concurrency_limit {
    pubsub_testkit::suite!(super::through(|| super::ConcurrencyLimit::new(20_000)));
}

mod rate_limit {
    pubsub_testkit::suite!(super::through(|| super::RateLimit::new(100_000, super::Duration::from_secs(1))));
}

mod compression_by_zstd {
    pubsub_testkit::suite!(super::through(|| super::Compression::zstd().with_threshold(super::THRESHOLD)));
}

mod compression_by_lz4 {
    pubsub_testkit::suite!(super::through(|| super::Compression::lz4().with_threshold(super::THRESHOLD)));
}

mod message_ids {
    pubsub_testkit::suite!(super::through(super::ids));
}

mod audit {
    pubsub_testkit::suite!(super::through(super::strict_audit));
}

mod metrics {
    pubsub_testkit::suite!(super::through(super::Metrics::new));
}

mod spans {
    pubsub_testkit::suite!(super::through(super::tracing));
}

mod stack {
    fn harness() -> impl super::Harness {
        let stack = super::Stack::recommended()
            .with(super::ConcurrencyLimit::new(20_000))
            .with(super::RateLimit::new(100_000, super::Duration::from_secs(1)))
            .with(super::Compression::zstd().with_threshold(super::THRESHOLD))
            .with(super::strict_audit())
            .with(super::tracing());
        super::Layered::new(super::MemoryHarness::new(), move |client| stack.over(client))
    }

    pubsub_testkit::suite!(harness());
}
