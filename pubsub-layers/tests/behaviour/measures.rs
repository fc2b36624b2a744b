use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use pubsub_core::worker::{Binding, Failure, Router, Worker};
use pubsub_core::{Client, ConsumerConfig, OutboundMessage, PublishOptions, Result};
use pubsub_layers::{CircuitBreaker, MetricKind, Metrics};
use pubsub_testkit::TestApp;
use pubsub_testkit::fault_layer::{FaultLayer, PublishFault, When};

use crate::bench::{Bench, messages};

/// What was measured, as `name{label="value"}`; of a histogram how often.
fn measured(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let mut labels: Vec<_> =
            key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.sort_unstable();
        let value = match value {
            DebugValue::Counter(count) => f64::from(u32::try_from(count).unwrap_or(u32::MAX)),
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(values) => f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX)),
        };
        all.insert(format!("{}{{{}}}", key.key().name(), labels.join(",")), value);
    }
    all
}

fn at(all: &BTreeMap<String, f64>, key: &str) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers")]
    all.get(key).map(|value| *value as i64)
}

#[tokio::test(start_paused = true)]
async fn publishes_are_counted_by_how_they_end() -> Result<()> {
    let recorder = DebuggingRecorder::new();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let faults = FaultLayer::from_seed(1).on_publish(When::nth(4), PublishFault::UnknownNotStored);
    let bench = Bench::new(|client| client.with_layer(faults).with_layer(Metrics::new())).await?;
    for _ in 0..2 {
        bench.client.publish_message(OutboundMessage::new("ride.n", "abc")?.with_id("one")?).await?;
    }
    bench.client.publish("nowhere", "x").await.expect_err("no stream takes it");
    bench.client.publish("ride.n", "x").await.expect_err("its outcome is unknown");
    for outcome in bench.client.publisher().publish_batch(messages(2), PublishOptions::default()).await {
        outcome?.await?;
    }
    bench.client.publisher().publish_atomic(messages(3), PublishOptions::default()).await?;
    let all = measured(&recorder.snapshotter());
    for (key, count) in [
        ("pubsub_publishes_total{outcome=stored,subject=ride.>}", 6),
        ("pubsub_publishes_total{outcome=duplicate,subject=ride.>}", 1),
        ("pubsub_publishes_total{outcome=rejected,subject=nowhere}", 1),
        ("pubsub_publishes_total{outcome=unknown,subject=ride.>}", 1),
        ("pubsub_published_bytes_total{subject=ride.>}", 8),
        ("pubsub_publish_seconds{subject=ride.>}", 8),
        ("pubsub_publishes_in_flight{}", 0),
    ] {
        assert_eq!(at(&all, key), Some(count), "{key} of {all:#?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn deliveries_and_settlements_are_counted() -> Result<()> {
    let recorder = DebuggingRecorder::new();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let bench = Bench::new(|client| client.with_layer(Metrics::new())).await?;
    for message in messages(4) {
        bench.client.publish_message(message).await?;
    }
    let mut held = bench.fetch(3).await?;
    held.pop().expect("the third").term("broken").await?;
    held.pop().expect("the second").nak().await?;
    held.pop().expect("the first").hand_back();
    let mut again = bench.fetch(2).await?;
    again.pop().expect("it comes again").ack().await?;
    bench.fetch(0).await.expect_err("nothing is no number to fetch");
    let all = measured(&recorder.snapshotter());
    for (key, count) in [
        ("pubsub_deliveries_total{consumer=users,redelivery=false,stream=RIDE}", 3),
        ("pubsub_deliveries_total{consumer=users,redelivery=true,stream=RIDE}", 2),
        ("pubsub_settlements_total{consumer=users,kind=term,outcome=ok,stream=RIDE}", 1),
        ("pubsub_settlements_total{consumer=users,kind=nak,outcome=ok,stream=RIDE}", 1),
        ("pubsub_settlements_total{consumer=users,kind=ack,outcome=ok,stream=RIDE}", 1),
        ("pubsub_settlements_total{consumer=users,kind=returned,outcome=ok,stream=RIDE}", 1),
        ("pubsub_unsettled_deliveries{consumer=users,stream=RIDE}", 1),
        ("pubsub_consumer_lag{consumer=users,stream=RIDE}", 1),
        ("pubsub_consume_errors_total{kind=invalid input}", 1),
    ] {
        assert_eq!(at(&all, key), Some(count), "{key} of {all:#?}");
    }
    drop(again);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn attempts_of_handlers_are_counted() -> Result<()> {
    async fn handle(payload: bytes::Bytes) -> Result<(), Failure> {
        match &payload[..] {
            b"good" => Ok(()),
            b"bad" => Err(Failure::reject("bad")),
            _ => Err(Failure::retry_after(std::time::Duration::from_secs(3600), "later")),
        }
    }
    let recorder = DebuggingRecorder::new();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let bench = Bench::new(|client| client).await?;
    let layer = Metrics::new();
    let app = TestApp::start(bench.truth.clone(), |client: Client| {
        let router = Router::new().route("ride.>", handle)?.layer(layer);
        let binding = Binding::new("RIDE", ConsumerConfig::durable("billing")?, router)?;
        Ok(Worker::new(client).bind(binding.discard_dead_letters()))
    })
    .await?;
    for payload in ["good", "good", "bad", "late"] {
        app.publish("ride.n", payload).await?;
    }
    app.stop().await?.into_result().map(drop)?;
    let all = measured(&recorder.snapshotter());
    for (key, count) in [
        ("pubsub_attempts_total{consumer=billing,outcome=done,stream=RIDE}", 2),
        ("pubsub_attempts_total{consumer=billing,outcome=rejected,stream=RIDE}", 1),
        ("pubsub_attempts_total{consumer=billing,outcome=failed,stream=RIDE}", 1),
        ("pubsub_attempt_seconds{consumer=billing,stream=RIDE}", 4),
        ("pubsub_attempts_in_flight{consumer=billing,stream=RIDE}", 0),
    ] {
        assert_eq!(at(&all, key), Some(count), "{key} of {all:#?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn streams_consumers_and_circuits_are_sampled() -> Result<()> {
    let recorder = DebuggingRecorder::new();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let metrics = Metrics::new();
    let bench = Bench::new(|client| client).await?;
    for message in messages(3) {
        bench.client.publish_message(message).await?;
    }
    let held = bench.fetch(1).await?;
    metrics.sample(bench.client.admin()?.as_ref(), &["RIDE".try_into()?]).await?;
    metrics.sample_circuit(&CircuitBreaker::new("bank"));
    let all = measured(&recorder.snapshotter());
    for (key, count) in [
        ("pubsub_stream_messages{stream=RIDE}", 3),
        ("pubsub_consumer_pending{consumer=users,stream=RIDE}", 2),
        ("pubsub_consumer_ack_pending{consumer=users,stream=RIDE}", 1),
        ("pubsub_consumer_redelivered{consumer=users,stream=RIDE}", 0),
        ("pubsub_circuit_state{circuit=bank}", 0),
    ] {
        assert_eq!(at(&all, key), Some(count), "{key} of {all:#?}");
    }
    assert!(all.contains_key("pubsub_stream_bytes{stream=RIDE}"));
    assert!(all.contains_key("pubsub_abandoned_deliveries_total{}"));
    drop(held);
    Ok(())
}

/// What is measured is what the list says, which a dashboard is checked against.
#[tokio::test(start_paused = true)]
async fn whatever_is_measured_is_listed() -> Result<()> {
    let recorder = DebuggingRecorder::new();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let metrics = Metrics::new();
    let layer = metrics.clone();
    let bench = Bench::new(|client| client.with_layer(layer)).await?;
    bench.client.publish("ride.n", "x").await?;
    bench.fetch(1).await?.pop().expect("a delivery").ack().await?;
    metrics.sample(bench.client.admin()?.as_ref(), &["RIDE".try_into()?]).await?;
    for key in measured(&recorder.snapshotter()).keys() {
        let (name, labels) = key.split_once('{').expect("a key has labels");
        let listed = Metrics::ALL.iter().find(|metric| metric.name == name).expect("it is listed");
        let labels: Vec<_> =
            labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()).collect();
        assert_eq!(labels.len(), listed.labels.len(), "{key}");
        assert!(labels.iter().all(|label| listed.labels.iter().any(|name| label.starts_with(name))), "{key}");
    }
    assert!(
        Metrics::ALL
            .iter()
            .all(|metric| metric.name.ends_with("_total") == (metric.kind == MetricKind::Counter))
    );
    Ok(())
}
