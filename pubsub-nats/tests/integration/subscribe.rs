//! Messages as they come.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use pubsub_core::{ConsumerConfig, SubscribeOptions};

use crate::support::{Bench, eventually, fetch, soon, text};

#[tokio::test]
async fn a_backlog_comes_in_order() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..300).await;
    let mut deliveries = consumer.subscribe(SubscribeOptions::default().with_buffer(7));
    for expected in 0..300 {
        let delivery = soon(deliveries.next()).await.unwrap().unwrap();
        assert_eq!(text(&delivery), expected.to_string());
        delivery.ack().await.unwrap();
    }
}

#[tokio::test]
async fn an_idle_subscription_gets_what_comes_and_nothing_else() {
    let (bench, consumer) = Bench::with_consumer().await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    // Longer than a heartbeat, none of which is to be seen.
    assert!(tokio::time::timeout(Duration::from_secs(7), deliveries.next()).await.is_err());
    let started = Instant::now();
    bench.publish(0..1).await;
    let delivery = soon(deliveries.next()).await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    delivery.ack().await.unwrap();
}

#[tokio::test]
async fn no_more_than_the_buffer_is_held() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..50).await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default().with_buffer(5));
    let first = soon(deliveries.next()).await.unwrap().unwrap();
    eventually("the buffer is filled", || async { consumer.info().await.unwrap().ack_pending >= 5 }).await;
    let pending = consumer.info().await.unwrap().ack_pending;
    assert!(pending <= 6, "{pending} are held: one was taken, five may wait");
    first.ack().await.unwrap();
}

#[tokio::test]
async fn dropping_the_stream_hands_back_what_was_not_taken() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..20).await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default().with_buffer(20));
    soon(deliveries.next()).await.unwrap().unwrap().ack_confirmed().await.unwrap();
    drop(deliveries);
    // The ack wait is 30 s: only what was handed back comes this soon.
    let mut seen = BTreeSet::new();
    let started = Instant::now();
    while seen.len() < 19 {
        assert!(started.elapsed() < Duration::from_secs(10), "only {} came", seen.len());
        for delivery in fetch(&consumer, 20).await {
            seen.insert(delivery.info().stream_sequence);
            delivery.ack().await.unwrap();
        }
    }
    assert_eq!(seen, (2..=20).collect());
    eventually("no request waits", || async { consumer.info().await.unwrap().waiting == 0 }).await;
}

#[tokio::test]
async fn two_subscriptions_share_the_messages() {
    let bench = Bench::start().await;
    bench.stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("shared").unwrap()).await;
    let mut one = Arc::clone(&consumer).subscribe(SubscribeOptions::default().with_buffer(4));
    let mut other = Arc::clone(&consumer).subscribe(SubscribeOptions::default().with_buffer(4));
    bench.publish(0..100).await;
    let (mut seen, mut by_other) = (BTreeSet::new(), 0);
    while seen.len() < 100 {
        let delivery = soon(async {
            tokio::select! {
                delivery = one.next() => delivery,
                delivery = other.next() => { by_other += 1; delivery }
            }
        })
        .await
        .unwrap()
        .unwrap();
        assert!(seen.insert(delivery.info().stream_sequence), "nothing comes twice");
        delivery.ack().await.unwrap();
    }
    assert!(by_other > 0 && by_other < 100, "{by_other}");
}
