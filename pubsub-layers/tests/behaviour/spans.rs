use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, context::FutureExt as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use pubsub_core::worker::{Binding, Failure, Router, Worker};
use pubsub_core::{Client, ConsumerConfig, OutboundMessage, PublishOptions, Result, SubscribeOptions};
use pubsub_layers::Tracing;
use pubsub_testkit::TestApp;

use crate::bench::{Bench, messages};

struct Traces {
    provider: SdkTracerProvider,
    exporter: InMemorySpanExporter,
}

impl Traces {
    fn new() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        Self { provider, exporter }
    }

    fn layer(&self) -> Tracing {
        Tracing::by(BoxedTracer::new(Box::new(self.provider.tracer("test"))))
    }

    async fn bench(&self) -> Result<Bench> {
        let layer = self.layer();
        Bench::new(|client| client.with_layer(layer)).await
    }

    /// Those that have ended, in that order.
    fn taken(&self) -> Vec<SpanData> {
        let spans = self.exporter.get_finished_spans().expect("the exporter is not shut down");
        self.exporter.reset();
        spans
    }

    fn only(&self) -> SpanData {
        let mut spans = self.taken();
        assert_eq!(spans.len(), 1, "{:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
        spans.remove(0)
    }
}

fn attributes(span: &SpanData) -> BTreeMap<String, String> {
    span.attributes.iter().map(|pair| (pair.key.to_string(), pair.value.to_string())).collect()
}

fn expected(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn parent_header(span: &SpanData) -> String {
    format!("00-{}-{}-01", span.span_context.trace_id(), span.span_context.span_id())
}

#[tokio::test(start_paused = true)]
async fn a_publish_is_a_span_whose_context_travels_with_the_message() -> Result<()> {
    let traces = Traces::new();
    let bench = traces.bench().await?;
    bench.client.publish_message(OutboundMessage::new("ride.pickup", "abc")?.with_id("one")?).await?;
    let span = traces.only();
    assert_eq!((&*span.name, &span.span_kind), ("publish ride.>", &SpanKind::Producer));
    let facts = [
        ("messaging.system", "nats"),
        ("messaging.operation.name", "publish"),
        ("messaging.operation.type", "send"),
        ("messaging.destination.name", "ride.pickup"),
        ("messaging.destination.template", "ride.>"),
        ("messaging.message.id", "one"),
        ("messaging.message.body.size", "3"),
        ("messaging.nats.stream", "RIDE"),
        ("messaging.nats.stream.sequence", "1"),
    ];
    assert_eq!(attributes(&span), expected(&facts));
    let raw = bench.raw().await?.pop().expect("a delivery");
    assert_eq!(raw.headers().get("traceparent"), Some(&*parent_header(&span)));
    raw.ack().await
}

#[tokio::test(start_paused = true)]
async fn a_publish_is_a_child_of_what_it_happens_in_or_of_the_message() -> Result<()> {
    let traces = Traces::new();
    let bench = traces.bench().await?;
    let around = Context::new().with_span(traces.provider.tracer("test").start("request"));
    bench.client.publish("ride.n", "x").with_context(around.clone()).await?;
    let span = traces.only();
    assert_eq!(span.parent_span_id, around.span().span_context().span_id());

    let passed_on = OutboundMessage::new("ride.n", "x")?.with_header("traceparent", parent_header(&span))?;
    bench.client.publish_message(passed_on).await?;
    let child = traces.only();
    assert_eq!(child.parent_span_id, span.span_context.span_id());
    assert_eq!(child.span_context.trace_id(), span.span_context.trace_id());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_fails_says_how() -> Result<()> {
    let traces = Traces::new();
    let bench = traces.bench().await?;
    bench.client.publish("nowhere", "x").await.expect_err("no stream takes it");
    let span = traces.only();
    assert_eq!(span.status, Status::error("not found"));
    assert_eq!(attributes(&span).get("error.type").map(String::as_str), Some("not found"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_a_span_for_each_and_an_atomic_one_has_one() -> Result<()> {
    let traces = Traces::new();
    let bench = traces.bench().await?;
    let publisher = bench.client.publisher();
    for outcome in publisher.publish_batch(messages(3), PublishOptions::default()).await {
        outcome?.await?;
    }
    assert_eq!(traces.taken().len(), 3);
    publisher.publish_atomic(messages(2), PublishOptions::default()).await?;
    let span = traces.only();
    assert_eq!(attributes(&span).get("messaging.batch.message_count").map(String::as_str), Some("2"));
    let raw = bench.raw().await?;
    assert!(raw[3..].iter().all(|one| one.headers().get("traceparent") == Some(&*parent_header(&span))));
    for delivery in raw {
        delivery.ack().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_fetch_and_a_settlement_link_to_the_messages() -> Result<()> {
    let traces = Traces::new();
    let bench = traces.bench().await?;
    for message in messages(2) {
        bench.client.publish_message(message).await?;
    }
    let published: Vec<_> = traces.taken().iter().map(|span| span.span_context.span_id()).collect();
    let links =
        |span: &SpanData| -> Vec<_> { span.links.iter().map(|link| link.span_context.span_id()).collect() };
    assert_eq!(bench.fetch(5).await?.into_iter().map(pubsub_core::Delivery::hand_back).count(), 2);
    let receive = traces.only();
    assert_eq!((&*receive.name, &receive.span_kind), ("receive users", &SpanKind::Client));
    assert_eq!(links(&receive), published);
    assert!(attributes(&receive).contains_key("messaging.consumer.group.name"));

    let mut deliveries = Arc::clone(&bench.consumer).subscribe(SubscribeOptions::default());
    deliveries.next().await.expect("it comes again")?.term("broken").await?;
    let settle = traces.only();
    assert_eq!((&*settle.name, links(&settle)), ("term", published[..1].to_vec()));
    assert_eq!(attributes(&settle).get("messaging.operation.type").map(String::as_str), Some("settle"));
    drop(deliveries);
    assert!(bench.fetch(0).await.is_err());
    assert_eq!(traces.only().status, Status::error("invalid input"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_empty_fetch_is_no_span() -> Result<()> {
    let traces = Traces::new();
    let bench = traces.bench().await?;
    assert!(bench.fetch(1).await?.is_empty());
    assert!(traces.taken().is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_headers_messages_stay_as_they_are() -> Result<()> {
    let traces = Traces::new();
    let layer = traces.layer().without_headers();
    let bench = Bench::new(|client| client.with_layer(layer)).await?;
    bench.client.publish("ride.n", "x").await?;
    let raw = bench.raw().await?.pop().expect("a delivery");
    assert!(raw.headers().is_empty());
    raw.ack().await
}

/// From the publisher over the handler to what the handler publishes, it is one trace.
#[tokio::test(start_paused = true)]
async fn a_handler_continues_the_trace_of_its_message() -> Result<()> {
    async fn completed() -> Result<OutboundMessage, Failure> {
        assert!(Context::current().has_active_span(), "the handler runs in its span");
        Ok(OutboundMessage::new("ride.billed", "120")?)
    }
    async fn billed() -> Result<(), Failure> {
        Err(Failure::reject("no bank"))
    }

    let traces = Traces::new();
    let bench = Bench::new(|client| client).await?;
    let layer = traces.layer();
    let service = |client: Client| {
        let router = Router::new()
            .route("ride.completed", completed)?
            .route("ride.billed", billed)?
            .layer(layer.clone());
        let binding = Binding::new("RIDE", ConsumerConfig::durable("billing")?, router)?;
        Ok(Worker::new(client.with_layer(layer)).bind(binding.discard_dead_letters()))
    };
    let app = TestApp::start(bench.truth.clone().with_layer(traces.layer()), service).await?;
    app.publish("ride.completed", "r-17").await?;
    app.stop().await?.into_result().map(drop)?;

    let spans = traces.taken();
    let trace = spans[0].span_context.trace_id();
    let chain: Vec<_> = spans
        .iter()
        .filter(|span| span.span_context.trace_id() == trace)
        .filter(|span| span.name.starts_with("publish") || span.name.starts_with("process"))
        .collect();
    let names: Vec<_> = chain.iter().map(|span| &*span.name).collect();
    assert_eq!(names[0], "publish ride.>");
    assert!(names.iter().filter(|name| **name == "process billing").count() >= 2, "{names:?}");
    let failed: Vec<_> = chain.iter().filter(|span| span.status == Status::error("rejected")).collect();
    assert_eq!(failed.len(), 1);
    let by_id: BTreeMap<_, _> =
        chain.iter().map(|span| (span.span_context.span_id().to_string(), span)).collect();
    let mut span: &SpanData = failed[0];
    let mut path = vec![span.name.to_string()];
    while let Some(parent) = by_id.get(&span.parent_span_id.to_string()) {
        span = parent;
        path.push(span.name.to_string());
    }
    let processed = path.iter().filter(|name| *name == "process billing").count();
    assert_eq!((processed, path.last().map(String::as_str)), (2, Some("publish ride.>")), "{path:?}");
    Ok(())
}
