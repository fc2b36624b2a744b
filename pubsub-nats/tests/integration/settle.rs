//! Settlements reach the server and do what they say.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use pubsub_core::{Consumer, ConsumerConfig, FetchOptions, OnDrop, Settlement};

use crate::support::{Bench, eventually, fetch, listen, soon, texts};

async fn pending(consumer: &Arc<dyn Consumer>) -> u64 {
    consumer.info().await.unwrap().ack_pending
}

#[tokio::test]
async fn an_ack_removes_the_message_from_pending() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..2).await;
    let mut got = fetch(&consumer, 2).await;
    got.pop().unwrap().ack().await.unwrap();
    eventually("one pending", || async { pending(&consumer).await == 1 }).await;
    got.pop().unwrap().ack_confirmed().await.unwrap();
    assert_eq!(pending(&consumer).await, 0);
}

#[tokio::test]
async fn a_nak_brings_the_message_back_at_once() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..1).await;
    fetch(&consumer, 1).await.pop().unwrap().nak().await.unwrap();
    let again = fetch(&consumer, 1).await;
    assert_eq!((again[0].info().attempt, again[0].info().stream_sequence), (2, 1));
}

#[tokio::test]
async fn a_delayed_nak_brings_it_back_after_the_delay() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..1).await;
    let delay = Duration::from_millis(400);
    let started = Instant::now();
    fetch(&consumer, 1).await.pop().unwrap().nak_after(delay).await.unwrap();
    let again = fetch(&consumer, 1).await;
    assert_eq!(again[0].info().attempt, 2);
    assert!(
        started.elapsed() >= delay && started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_term_carries_its_reason_to_the_advisory() {
    let (bench, consumer) = Bench::with_consumer().await;
    let mut advisories = listen(&bench.foreign().await, "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>").await;
    bench.publish(0..1).await;
    fetch(&consumer, 1).await.pop().unwrap().term("not a ride").await.unwrap();
    let advisory = soon(advisories.next()).await.unwrap();
    let text = String::from_utf8(advisory.payload.to_vec()).unwrap();
    assert!(text.contains(r#""reason":"not a ride""#), "{text}");
    assert_eq!(pending(&consumer).await, 0);
}

#[tokio::test]
async fn extending_keeps_a_message_beyond_its_ack_wait() {
    let bench = Bench::start().await;
    bench.stream().await;
    let wait = Duration::from_millis(600);
    let consumer = bench.consumer(ConsumerConfig::durable("slow").unwrap().with_ack_wait(wait)).await;
    bench.publish(0..1).await;
    let held = fetch(&consumer, 1).await.pop().unwrap();
    for _ in 0..4 {
        let quiet = consumer.fetch(FetchOptions::up_to(1).with_expires(wait / 2)).await.unwrap();
        assert!(quiet.is_empty(), "it came again although it was extended");
        held.extend().await.unwrap();
    }
    held.ack_confirmed().await.unwrap();
}

#[tokio::test]
async fn an_unsettled_message_comes_again_after_its_ack_wait() {
    let bench = Bench::start().await;
    bench.stream().await;
    let config = ConsumerConfig::durable("short").unwrap().with_ack_wait(Duration::from_millis(300));
    let consumer = bench.consumer(config).await;
    bench.publish(0..1).await;
    drop(fetch(&consumer, 1).await);
    assert_eq!(fetch(&consumer, 1).await[0].info().attempt, 2);
}

#[tokio::test]
async fn on_drop_can_ask_for_an_early_redelivery() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..1).await;
    let options = FetchOptions::up_to(1).with_on_drop(OnDrop::NakAfter(Duration::from_millis(50)));
    let dropped = consumer.fetch(options).await.unwrap();
    // Outside the runtime too.
    std::thread::spawn(move || drop(dropped)).join().unwrap();
    assert_eq!(fetch(&consumer, 1).await[0].info().attempt, 2);
}

#[tokio::test]
async fn many_are_settled_with_one_call_each_with_its_result() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..500).await;
    let mut got = Vec::new();
    while got.len() < 500 {
        got.extend(fetch(&consumer, 500).await);
    }
    let results = soon(consumer.settle_many(got, Settlement::ack().confirmed())).await;
    assert_eq!(results.len(), 500);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(pending(&consumer).await, 0);
}

#[tokio::test]
async fn an_ack_of_an_older_delivery_counts() {
    let bench = Bench::start().await;
    bench.stream().await;
    let config = ConsumerConfig::durable("short").unwrap().with_ack_wait(Duration::from_millis(300));
    let consumer = bench.consumer(config).await;
    bench.publish(0..1).await;
    let first = fetch(&consumer, 1).await;
    let second = fetch(&consumer, 1).await;
    assert_eq!((texts(&first), second[0].info().attempt), (texts(&second), 2));
    for delivery in first {
        delivery.ack_confirmed().await.unwrap();
    }
    assert_eq!(pending(&consumer).await, 0);
    for delivery in second {
        delivery.nak().await.unwrap();
    }
    assert!(consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::ZERO)).await.unwrap().is_empty());
}
