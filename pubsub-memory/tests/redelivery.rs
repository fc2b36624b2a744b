//! In which order, when and how often messages come again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{SECOND, Setup, ack_all, attempts, durable, sequences, stream, take, wait};
use pubsub_core::{FetchOptions, Limit, OnDrop, Purge};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn naks_come_first_and_in_their_order_then_new_messages_then_delayed_ones() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(6).await;
    let mut batch = take(&consumer, 4).await.into_iter();
    let (one, two) = (batch.next().unwrap(), batch.next().unwrap());
    let (three, four) = (batch.next().unwrap(), batch.next().unwrap());
    three.nak().await.unwrap();
    one.nak().await.unwrap();
    two.nak_after(Duration::from_millis(150)).await.unwrap();
    four.nak_after(Duration::from_millis(100)).await.unwrap();

    let start = Instant::now();
    let first = take(&consumer, 10).await;
    assert_eq!(sequences(&first), [3, 1, 5, 6]);
    assert_eq!(attempts(&first), [2, 2, 1, 1]);
    let fourth = wait(&consumer, 10).await;
    assert_eq!((sequences(&fourth), start.elapsed().as_millis()), (vec![4], 100));
    let second = wait(&consumer, 10).await;
    assert_eq!((sequences(&second), start.elapsed().as_millis()), (vec![2], 150));
    ack_all(first).await;
    ack_all(fourth).await;
    ack_all(second).await;
}

#[tokio::test(start_paused = true)]
async fn expired_messages_come_in_the_order_of_sequences_and_wake_a_fetch() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(3 * SECOND)).await;
    setup.fill(3).await;
    let held = take(&consumer, 10).await;
    let start = Instant::now();
    let again = wait(&consumer, 10).await;
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert_eq!((sequences(&again), attempts(&again)), (vec![1, 2, 3], vec![2, 2, 2]));
    ack_all(held).await;
    // Settlements go by sequence: those of the first delivery ended the second, too.
    tokio::time::advance(4 * SECOND).await;
    assert!(take(&consumer, 10).await.is_empty());
    ack_all(again).await;
}

#[tokio::test(start_paused = true)]
async fn a_redelivery_is_taken_even_at_max_ack_pending() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(2)).await;
    setup.fill(4).await;
    let mut held = take(&consumer, 10).await;
    assert_eq!(sequences(&held), [1, 2]);
    held.remove(1).nak().await.unwrap();
    let again = take(&consumer, 10).await;
    assert_eq!((sequences(&again), attempts(&again)), (vec![2], vec![2]));
    ack_all(held).await;
    let next = take(&consumer, 10).await;
    assert_eq!(sequences(&next), [3]);
    ack_all(again).await;
    ack_all(next).await;
}

#[tokio::test(start_paused = true)]
async fn after_max_deliver_attempts_a_message_is_not_seen_again() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(2).with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    for attempt in 1..=2 {
        let batch = wait(&consumer, 1).await;
        assert_eq!(attempts(&batch), [attempt]);
        std::mem::forget(batch);
    }
    tokio::time::advance(10 * SECOND).await;
    assert!(take(&consumer, 1).await.is_empty());
    let info = setup.consumer_info("c").await.unwrap();
    // A server goes on counting it as redelivered (measured on nats-server 2.15.1).
    assert_eq!((info.ack_pending, info.redelivered, info.delivered.consumer), (0, 1, 2));
    assert_eq!(setup.info().await.messages, 1);
}

#[tokio::test(start_paused = true)]
async fn a_nak_of_the_last_attempt_is_counted_until_the_next_fetch() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1)).await;
    setup.fill(1).await;
    take(&consumer, 1).await.remove(0).nak().await.unwrap();
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 1);
    assert!(take(&consumer, 1).await.is_empty());
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 0);
}

#[tokio::test(start_paused = true)]
async fn extending_begins_the_ack_wait_anew() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(3 * SECOND)).await;
    setup.fill(1).await;
    let start = Instant::now();
    let held = take(&consumer, 1).await.remove(0);
    tokio::time::advance(2 * SECOND).await;
    held.extend().await.unwrap();
    let again = wait(&consumer, 1).await;
    assert_eq!(start.elapsed(), 5 * SECOND);
    ack_all(again).await;
    held.ack().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_ack_then_a_nak_of_one_message_is_an_ack() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    let first = take(&consumer, 1).await.remove(0);
    let second = wait(&consumer, 1).await.remove(0);
    first.ack().await.unwrap();
    second.nak().await.unwrap();
    tokio::time::advance(10 * SECOND).await;
    assert!(take(&consumer, 1).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_terminated_message_does_not_come_again() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    take(&consumer, 1).await.remove(0).term("broken").await.unwrap();
    tokio::time::advance(10 * SECOND).await;
    assert!(take(&consumer, 1).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_comes_again_after_its_ack_wait_or_the_delay_asked_for() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(30 * SECOND)).await;
    setup.fill(1).await;
    let start = Instant::now();
    drop(take(&consumer, 1).await);
    let early = FetchOptions::up_to(1).with_expires(60 * SECOND).with_on_drop(OnDrop::NakAfter(2 * SECOND));
    drop(consumer.fetch(early).await.unwrap());
    assert_eq!(start.elapsed(), 30 * SECOND);
    let again = wait(&consumer, 1).await;
    assert_eq!((start.elapsed(), attempts(&again)), (32 * SECOND, vec![3]));
    ack_all(again).await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_handed_back_is_available_at_once() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    take(&consumer, 1).await.remove(0).hand_back();
    ack_all(take(&consumer, 1).await).await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_naked_one_by_one_take_turns() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(Limit::Unlimited)).await;
    setup.fill(3).await;
    for delivery in take(&consumer, 3).await {
        delivery.nak().await.unwrap();
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        let delivery = take(&consumer, 1).await.pop().unwrap();
        order.push(delivery.info().stream_sequence);
        delivery.nak().await.unwrap();
    }
    assert_eq!(order, [1, 2, 3, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_purge_long_after_a_tiny_ack_wait_is_no_overflow() {
    let setup = Setup::new(stream()).await;
    let config = durable("c").with_ack_wait(Duration::from_micros(1)).with_max_deliver(Limit::Unlimited);
    let consumer = setup.consumer(config).await;
    setup.fill(2).await;
    let held = take(&consumer, 1).await;
    // Of so short ack waits more than 32 bits can count.
    tokio::time::advance(5_000 * SECOND).await;
    setup.admin().purge_stream(&setup.stream, Purge::keep(1)).await.unwrap();
    assert_eq!(sequences(&take(&consumer, 2).await), [2]);
    drop(held);
}
