//! One batch at a time: what a fetch returns, and when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pubsub_core::{ConsumerConfig, Delivery, ErrorKind, FetchOptions, Limit};

use crate::support::{Bench, ack_all, eventually, fetch, soon, texts};

#[tokio::test]
async fn fewer_than_asked_return_at_once() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..3).await;
    let started = Instant::now();
    assert_eq!(texts(&fetch(&consumer, 10).await), ["0", "1", "2"]);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_full_batch_leaves_the_rest_for_the_next() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..5).await;
    let first = fetch(&consumer, 3).await;
    assert_eq!(texts(&first), ["0", "1", "2"]);
    let rest = fetch(&consumer, 3).await;
    assert_eq!(texts(&rest), ["3", "4"]);
    assert_eq!(first[0].info().stream_sequence, 1);
    assert_eq!((rest[0].info().attempt, rest[0].info().pending), (1, 1));
    assert_eq!((rest[0].info().stream.as_str(), rest[0].info().consumer.as_str()), ("RIDE", "users"));
}

#[tokio::test]
async fn nothing_is_an_empty_batch_at_the_deadline() {
    let (_bench, consumer) = Bench::with_consumer().await;
    let started = Instant::now();
    let options = FetchOptions::up_to(10).with_expires(Duration::from_millis(300));
    assert!(consumer.fetch(options).await.unwrap().is_empty());
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(280) && waited < Duration::from_millis(1500), "{waited:?}");
}

#[tokio::test]
async fn zero_does_not_wait() {
    let (bench, consumer) = Bench::with_consumer().await;
    let options = FetchOptions::up_to(10).with_expires(Duration::ZERO);
    let started = Instant::now();
    assert!(consumer.fetch(options.clone()).await.unwrap().is_empty());
    assert!(started.elapsed() < Duration::from_millis(500));
    bench.publish(0..2).await;
    assert_eq!(consumer.fetch(options).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_idle_fetch_gets_the_first_message_that_comes() {
    let (bench, consumer) = Bench::with_consumer().await;
    let waiting = tokio::spawn({
        let consumer = Arc::clone(&consumer);
        async move { consumer.fetch(FetchOptions::up_to(10).with_expires(Duration::from_secs(15))).await }
    });
    eventually("the fetch waits at the server", || async { consumer.info().await.unwrap().waiting == 1 })
        .await;
    let started = Instant::now();
    bench.publish(0..1).await;
    assert_eq!(texts(&soon(waiting).await.unwrap().unwrap()), ["0"]);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn at_max_ack_pending_a_fetch_ends_at_its_deadline() {
    let bench = Bench::start().await;
    bench.stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("few").unwrap().with_max_ack_pending(2)).await;
    bench.publish(0..5).await;
    let held = fetch(&consumer, 10).await;
    assert_eq!(texts(&held), ["0", "1"]);
    for expires in [Duration::ZERO, Duration::from_millis(300)] {
        let started = Instant::now();
        assert!(consumer.fetch(FetchOptions::up_to(10).with_expires(expires)).await.unwrap().is_empty());
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
    ack_all(held).await;
    assert_eq!(texts(&fetch(&consumer, 10).await), ["2", "3"]);
}

#[tokio::test]
async fn a_stall_in_the_middle_of_a_batch_returns_what_there_is() {
    let bench = Bench::start().await;
    bench.stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("few").unwrap().with_max_ack_pending(2)).await;
    bench.publish(0..5).await;
    let mut held = fetch(&consumer, 1).await;
    let started = Instant::now();
    held.extend(fetch(&consumer, 10).await);
    assert_eq!(texts(&held), ["0", "1"]);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_cancelled_fetch_loses_nothing_and_leaves_no_request() {
    let (bench, consumer) = Bench::with_consumer().await;
    for _ in 0..20 {
        let fetching = consumer.fetch(FetchOptions::up_to(10).with_expires(Duration::from_secs(30)));
        let _ = tokio::time::timeout(Duration::from_millis(5), fetching).await;
    }
    eventually("no request waits", || async { consumer.info().await.unwrap().waiting == 0 }).await;
    bench.publish(0..10).await;
    let got = fetch(&consumer, 10).await;
    assert_eq!(got.len(), 10);
    assert!(got.iter().all(|delivery| delivery.info().attempt == 1));
}

#[tokio::test]
async fn what_a_cancelled_fetch_had_received_is_available_at_once() {
    let bench = Bench::start().await;
    bench.stream().await;
    // Redelivery by the ack wait of 30 s would be too late for this test, and each hand-back uses up an attempt.
    let config = ConsumerConfig::durable("users").unwrap().with_max_deliver(Limit::Unlimited);
    let consumer = bench.consumer(config).await;
    bench.publish(0..50).await;
    for steps in 1..40 {
        let mut fetching = Box::pin(consumer.fetch(FetchOptions::up_to(50)));
        for _ in 0..steps {
            if let Some(done) = futures::FutureExt::now_or_never(&mut fetching) {
                done.unwrap().into_iter().for_each(Delivery::hand_back);
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(fetching);
        tokio::task::yield_now().await;
    }
    let mut seen = std::collections::BTreeSet::new();
    let deadline = Instant::now() + Duration::from_secs(10);
    while seen.len() < 50 {
        assert!(Instant::now() < deadline, "only {} came soon", seen.len());
        for delivery in fetch(&consumer, 50).await {
            seen.insert(delivery.info().stream_sequence);
            delivery.ack().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_missing_consumer_is_not_found() {
    let bench = Bench::start().await;
    let error = bench.client.consumer("RIDE", "users").await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10059)));
    bench.stream().await;
    let error = bench.client.consumer("RIDE", "users").await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10014)));
    assert_eq!((error.context("stream"), error.context("consumer")), (Some("RIDE"), Some("users")));
}

#[tokio::test]
async fn an_empty_request_is_refused() {
    let (_bench, consumer) = Bench::with_consumer().await;
    let error = consumer.fetch(FetchOptions::up_to(0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
