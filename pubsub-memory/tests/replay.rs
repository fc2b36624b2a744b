//! Messages with the time between them with which they were stored. The times are those of nats-server 2.15.1 (measured).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{SECOND, Setup, durable, sequences, stream, take, wait};
use futures::StreamExt as _;
use pubsub_core::{Consumer, ConsumerConfig, FetchOptions, ReplayPolicy, SubscribeOptions};
use tokio::time::{Instant, advance};

fn original() -> ConsumerConfig {
    durable("c").with_replay(ReplayPolicy::Original)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A stream of four messages, 300, 100 and 500 ms apart, and long ago.
async fn recorded() -> Setup {
    let setup = Setup::new(stream()).await;
    for gap in [0, 300, 100, 500] {
        advance(millis(gap)).await;
        setup.fill(1).await;
    }
    advance(60 * SECOND).await;
    setup
}

async fn next(consumer: &Arc<dyn Consumer>, start: Instant) -> (u64, u128) {
    let batch = wait(consumer, 10).await;
    assert_eq!(batch.len(), 1, "{:?}", sequences(&batch));
    (batch[0].info().stream_sequence, start.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn fetches_wait_for_the_time_between_messages() {
    let setup = recorded().await;
    let consumer = setup.consumer(original()).await;
    let start = Instant::now();
    for expected in [(1, 0), (2, 300), (3, 400), (4, 900)] {
        assert_eq!(next(&consumer, start).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_gets_them_with_the_time_between_them() {
    let setup = recorded().await;
    let consumer = setup.consumer(original()).await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    let start = Instant::now();
    let mut times = Vec::new();
    for _ in 0..4 {
        drop(deliveries.next().await.unwrap().unwrap());
        times.push(start.elapsed().as_millis());
    }
    assert_eq!(times, [0, 300, 400, 900]);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_nobody_polls_gets_them_all_the_same() {
    let setup = recorded().await;
    let consumer = setup.consumer(original()).await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    drop(deliveries.next().await);
    advance(millis(401)).await;
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 3);
}

#[tokio::test(start_paused = true)]
async fn the_time_begins_when_somebody_asks() {
    let setup = recorded().await;
    let consumer = setup.consumer(original()).await;
    drop(take(&consumer, 1).await);
    advance(millis(250)).await;
    let start = Instant::now();
    assert_eq!(next(&consumer, start).await, (2, 300));
}

#[tokio::test(start_paused = true)]
async fn a_redelivery_counts_as_the_message_before() {
    let setup = recorded().await;
    let consumer = setup.consumer(original()).await;
    let first = take(&consumer, 1).await.remove(0);
    drop(wait(&consumer, 1).await);
    first.nak().await.unwrap();
    let start = Instant::now();
    assert_eq!(next(&consumer, start).await, (1, 0));
    assert_eq!(next(&consumer, start).await, (3, 400));
}

#[tokio::test(start_paused = true)]
async fn a_redelivery_stands_behind_the_message_whose_time_runs() {
    let setup = recorded().await;
    let consumer = setup.consumer(original()).await;
    let first = take(&consumer, 1).await.remove(0);
    let start = Instant::now();
    let waiting = consumer.fetch(FetchOptions::up_to(1).with_expires(millis(100))).await.unwrap();
    assert!(waiting.is_empty());
    first.nak().await.unwrap();
    assert_eq!(next(&consumer, start).await, (2, 300));
    assert_eq!(next(&consumer, start).await, (1, 300));
    assert_eq!(next(&consumer, start).await, (3, 700));
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_end_comes_at_once() {
    let setup = recorded().await;
    let consumer = setup.consumer(original()).await;
    for _ in 0..4 {
        drop(wait(&consumer, 1).await);
    }
    setup.fill(1).await;
    advance(millis(400)).await;
    setup.fill(1).await;
    assert_eq!(sequences(&take(&consumer, 10).await), [5, 6]);
}

#[tokio::test(start_paused = true)]
async fn new_messages_come_at_once() {
    let setup = recorded().await;
    let config = original().with_deliver(pubsub_core::DeliverPolicy::New);
    let consumer = setup.consumer(config).await;
    setup.fill(1).await;
    advance(millis(300)).await;
    setup.fill(1).await;
    assert_eq!(sequences(&take(&consumer, 1).await), [5]);
    assert_eq!(sequences(&take(&consumer, 1).await), [6]);
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_time_has_passed_waits_for_room_without_spinning() {
    let setup = recorded().await;
    let consumer = setup.consumer(original().with_max_ack_pending(1)).await;
    let held = take(&consumer, 1).await;
    let start = Instant::now();
    assert!(wait_for(&consumer, 1000).await.is_empty());
    for delivery in held {
        delivery.ack().await.unwrap();
    }
    assert_eq!(next(&consumer, start).await, (2, 1300));
}

async fn wait_for(consumer: &Arc<dyn Consumer>, span: u64) -> Vec<pubsub_core::Delivery> {
    consumer.fetch(FetchOptions::up_to(1).with_expires(millis(span))).await.unwrap()
}
