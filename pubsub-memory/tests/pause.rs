//! Consumers that are stopped for a while.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use common::{SECOND, Setup, ack_all, attempts, durable, sequences, stream, take, wait};
use futures::StreamExt as _;
use pubsub_core::{Broker as _, ConsumerName, FetchOptions, MessageSelector, SubscribeOptions};
use tokio::time::{Instant, advance};

fn name() -> ConsumerName {
    ConsumerName::new("c").unwrap()
}

/// The server's wall clock, told by a message that is stored now, on a subject that no test uses.
async fn now(setup: &Setup) -> SystemTime {
    let receipt = setup.publish("s.clock").await;
    let selector = MessageSelector::Sequence(receipt.sequence.unwrap());
    let at = setup.admin().get_message(&setup.stream, selector).await.unwrap().published_at;
    setup.admin().delete_message(&setup.stream, receipt.sequence.unwrap()).await.unwrap();
    at
}

async fn pause(setup: &Setup, span: Duration) {
    let until = now(setup).await + span;
    setup.admin().pause_consumer(&setup.stream, &name(), until).await.unwrap();
}

async fn resume(setup: &Setup) {
    setup.admin().resume_consumer(&setup.stream, &name()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_waiting_fetch_gets_its_messages_at_the_end_of_the_pause() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(2).await;
    pause(&setup, 10 * SECOND).await;
    let start = Instant::now();
    assert_eq!(sequences(&wait(&consumer, 10).await), [1, 2]);
    assert_eq!(start.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_waited_before_the_pause_waits_on() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_filter("s.a").unwrap()).await;
    let mut waiting = Box::pin(wait(&consumer, 10));
    assert!(futures::poll!(&mut waiting).is_pending());
    pause(&setup, 10 * SECOND).await;
    let start = Instant::now();
    setup.publish("s.a").await;
    assert_eq!(waiting.await.len(), 1);
    assert_eq!(start.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_goes_on_at_the_end_of_the_pause() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    pause(&setup, 10 * SECOND).await;
    setup.fill(2).await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    let start = Instant::now();
    drop(deliveries.next().await.unwrap().unwrap());
    assert_eq!(start.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_nobody_polls_is_served_as_of_the_end_of_the_pause() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    assert!(futures::poll!(deliveries.next()).is_pending());
    pause(&setup, 10 * SECOND).await;
    setup.fill(1).await;
    advance(20 * SECOND).await;
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_in_the_pause_ends_in_its_own_time() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    pause(&setup, 10 * SECOND).await;
    let start = Instant::now();
    assert!(consumer.fetch(FetchOptions::up_to(1).with_expires(SECOND)).await.unwrap().is_empty());
    assert_eq!(start.elapsed(), SECOND);
    assert!(take(&consumer, 1).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn ack_waits_go_on_and_what_expired_comes_first() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(4 * SECOND)).await;
    setup.fill(3).await;
    std::mem::forget(take(&consumer, 2).await);
    pause(&setup, 10 * SECOND).await;
    let batch = wait(&consumer, 10).await;
    assert_eq!((sequences(&batch), attempts(&batch)), (vec![1, 2, 3], vec![2, 2, 1]));
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_can_be_settled() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    let held = take(&consumer, 1).await;
    pause(&setup, 10 * SECOND).await;
    ack_all(held).await;
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 0);
}

#[tokio::test(start_paused = true)]
async fn a_nak_in_the_pause_waits_for_its_end() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    let held = take(&consumer, 1).await.remove(0);
    pause(&setup, 10 * SECOND).await;
    held.nak().await.unwrap();
    assert!(take(&consumer, 1).await.is_empty());
    let start = Instant::now();
    assert_eq!(attempts(&wait(&consumer, 1).await), [2]);
    assert_eq!(start.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn to_resume_wakes_who_waits() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    pause(&setup, 100 * SECOND).await;
    let start = Instant::now();
    let waiting = tokio::spawn(async move { wait(&consumer, 1).await.len() });
    tokio::task::yield_now().await;
    resume(&setup).await;
    assert_eq!((waiting.await.unwrap(), start.elapsed()), (1, Duration::ZERO));
    resume(&setup).await;
}

#[tokio::test(start_paused = true)]
async fn a_time_that_has_passed_resumes() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    pause(&setup, 100 * SECOND).await;
    let past = now(&setup).await - SECOND;
    setup.admin().pause_consumer(&setup.stream, &name(), past).await.unwrap();
    assert_eq!(setup.consumer_info("c").await.unwrap().paused_until, None);
    assert_eq!(take(&consumer, 1).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_info_tells_until_when_and_no_longer() {
    let setup = Setup::new(stream()).await;
    setup.consumer(durable("c")).await;
    let until = now(&setup).await + 10 * SECOND;
    setup.admin().pause_consumer(&setup.stream, &name(), until).await.unwrap();
    assert_eq!(setup.consumer_info("c").await.unwrap().paused_until, Some(until));
    advance(10 * SECOND).await;
    assert_eq!(setup.consumer_info("c").await.unwrap().paused_until, None);
}

/// As measured on nats-server 2.15.1.
#[tokio::test(start_paused = true)]
async fn an_update_leaves_the_pause_as_it_is() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    pause(&setup, 10 * SECOND).await;
    setup.admin().update_consumer(&setup.stream, durable("c").with_max_deliver(9)).await.unwrap();
    assert!(setup.consumer_info("c").await.unwrap().paused_until.is_some());
    assert!(take(&consumer, 1).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_not_there_is_not_found() {
    let setup = Setup::new(stream()).await;
    let error = setup.admin().resume_consumer(&setup.stream, &name()).await.unwrap_err();
    assert_eq!(error.broker_code(), Some(10014));
    assert!(setup.broker.capabilities().has(pubsub_core::Capability::Pause));
}
