//! A server that goes away and comes back.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use pubsub_core::{
    ConsumerConfig, ErrorKind, FetchOptions, HealthState, OutboundMessage, Provision, PublishOptions, Retry,
    StreamConfig, SubscribeOptions,
};

use crate::support::{Bench, eventually, soon, text};

async fn with_file_stream() -> Bench {
    let bench = Bench::start().await;
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    bench.client.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    bench
}

#[tokio::test]
async fn a_subscription_goes_on_after_a_restart() {
    let mut bench = with_file_stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap()).await;
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    bench.publish(0..1).await;
    soon(deliveries.next()).await.unwrap().unwrap().ack_confirmed().await.unwrap();

    bench.server.kill().unwrap();
    bench.server.restart().unwrap();
    let started = Instant::now();
    let publisher = bench.client.clone();
    let publishing = tokio::spawn(async move {
        // What was written into the broken connection is lost; with an id it can be published again.
        let message = OutboundMessage::new("ride.n", "after").unwrap().with_id("after").unwrap();
        let options = PublishOptions::default().with_timeout(Duration::from_millis(300));
        loop {
            let publisher = publisher.publisher();
            match async { publisher.publish_with(message.clone(), options.clone()).await?.await }.await {
                Err(error) if error.retry() == Retry::Later => {}
                outcome => break outcome,
            }
        }
    });
    // The ack of the first may have been forgotten with the kill, so it may come again.
    let delivery = soon(async {
        loop {
            let delivery = deliveries.next().await.unwrap().unwrap();
            if text(&delivery) == "after" {
                break delivery;
            }
            delivery.ack().await.unwrap();
        }
    })
    .await;
    delivery.ack().await.unwrap();
    publishing.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_fetch_waits_for_the_server_and_gets_what_comes() {
    let mut bench = with_file_stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap()).await;
    bench.server.kill().unwrap();
    eventually("the loss is noticed", || async {
        bench.client.health().await.state == HealthState::Unhealthy
    })
    .await;
    let waiting = tokio::spawn(async move {
        consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(15))).await
    });
    bench.server.restart().unwrap();
    soon(bench.client.publish("ride.n", "x")).await.unwrap();
    assert_eq!(soon(waiting).await.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_server_a_fetch_is_unavailable_at_its_deadline() {
    let mut bench = with_file_stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap()).await;
    bench.server.kill().unwrap();
    eventually("the loss is noticed", || async { !bench.client.health().await.is_usable() }).await;
    let started = Instant::now();
    let options = FetchOptions::up_to(1).with_expires(Duration::from_millis(300));
    let error = consumer.fetch(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_publish_that_the_server_did_not_answer_ends_as_unknown() {
    let mut bench = with_file_stream().await;
    bench.server.freeze();
    let publisher = bench.client.publisher();
    let options = PublishOptions::default().with_timeout(Duration::from_millis(300)).with_retry(false);
    let message = OutboundMessage::new("ride.n", "x").unwrap();
    let receipt = soon(publisher.publish_with(message, options)).await.unwrap();
    bench.server.kill().unwrap();
    let error = soon(receipt).await.unwrap_err();
    assert!(error.is_effect_unknown(), "{error}");
}

#[tokio::test]
async fn closing_without_a_server_is_bounded() {
    let mut bench = with_file_stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap()).await;
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    assert!(tokio::time::timeout(Duration::from_millis(50), deliveries.next()).await.is_err());
    bench.server.kill().unwrap();
    eventually("the loss is noticed", || async { !bench.client.health().await.is_usable() }).await;
    let started = Instant::now();
    soon(bench.client.close()).await.unwrap();
    assert!(soon(deliveries.next()).await.is_none());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
