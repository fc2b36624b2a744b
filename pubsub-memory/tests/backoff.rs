//! Waits that grow with the attempt.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{SECOND, Setup, ack_all, attempts, durable, stream, take, wait};
use pubsub_core::ConsumerConfig;
use tokio::time::Instant;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn backoff(waits: &[u64]) -> ConsumerConfig {
    durable("c").with_max_deliver(6).with_backoff(waits.iter().copied().map(millis))
}

/// How long each attempt after the first was waited for, with what each delivery is told before.
async fn gaps(config: ConsumerConfig, attempts: usize, nak_after: Option<u64>) -> Vec<u128> {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(config).await;
    setup.fill(1).await;
    let mut gaps = Vec::new();
    let mut held = wait(&consumer, 1).await;
    for _ in 0..attempts {
        let start = Instant::now();
        if let Some(delay) = nak_after {
            held.remove(0).nak_after(millis(delay)).await.unwrap();
        }
        held = wait(&consumer, 1).await;
        gaps.push(start.elapsed().as_millis());
    }
    gaps
}

#[tokio::test(start_paused = true)]
async fn each_attempt_waits_for_its_own_time_and_the_rest_for_the_last() {
    assert_eq!(gaps(backoff(&[200, 1000, 500]), 5, None).await, [200, 1000, 500, 500, 500]);
}

/// As measured on nats-server 2.15.1.
#[tokio::test(start_paused = true)]
async fn a_nak_with_a_delay_adds_the_backoff_less_its_first_time() {
    assert_eq!(gaps(backoff(&[200, 1000, 500]), 5, Some(100)).await, [100, 900, 400, 400, 400]);
}

#[tokio::test(start_paused = true)]
async fn a_plain_nak_does_not_wait() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(backoff(&[200, 1000])).await;
    setup.fill(1).await;
    take(&consumer, 1).await.remove(0).nak().await.unwrap();
    assert_eq!(attempts(&take(&consumer, 1).await), [2]);
}

#[tokio::test(start_paused = true)]
async fn an_extension_buys_the_time_of_the_attempt() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(backoff(&[200, 1000])).await;
    setup.fill(1).await;
    std::mem::forget(wait(&consumer, 1).await);
    let second = wait(&consumer, 1).await;
    tokio::time::advance(millis(100)).await;
    let start = Instant::now();
    second[0].extend().await.unwrap();
    assert_eq!(attempts(&wait(&consumer, 1).await), [3]);
    assert_eq!(start.elapsed(), millis(1000));
    ack_all(second).await;
}

#[tokio::test(start_paused = true)]
async fn the_returned_ack_wait_is_the_first_time_of_the_backoff() {
    let setup = Setup::new(stream()).await;
    setup.consumer(backoff(&[200, 1000])).await;
    let config = setup.consumer_info("c").await.unwrap().config;
    assert_eq!((config.ack_wait, config.backoff.len()), (millis(200), 2));
}

#[tokio::test(start_paused = true)]
async fn more_times_than_deliveries_are_refused() {
    let setup = Setup::new(stream()).await;
    let config = backoff(&[200, 1000, 500]).with_max_deliver(2);
    let refused = setup.admin().create_consumer(&setup.stream, config).await.unwrap_err();
    assert_eq!(refused.broker_code(), Some(10116));
}

/// As measured on nats-server 2.15.1.
#[tokio::test(start_paused = true)]
async fn an_update_counts_for_what_is_in_flight() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(backoff(&[300, 2000])).await;
    setup.fill(1).await;
    let mut start = Instant::now();
    std::mem::forget(wait(&consumer, 1).await);
    let updates = [
        (backoff(&[1000, 2000]), 1000),
        (backoff(&[100, 400]), 400),
        (durable("c").with_max_deliver(6).with_ack_wait(millis(700)), 700),
        (backoff(&[100, 200, 300, 400]), 400),
    ];
    for (config, expected) in updates {
        setup.admin().update_consumer(&setup.stream, config).await.unwrap();
        std::mem::forget(wait(&consumer, 1).await);
        assert_eq!(start.elapsed(), millis(expected));
        start = Instant::now();
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_wait_is_not_held_up_by_a_long_one_that_began_earlier() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(backoff(&[200, 60_000])).await;
    setup.fill(1).await;
    std::mem::forget(wait(&consumer, 1).await);
    std::mem::forget(wait(&consumer, 1).await);
    setup.fill(1).await;
    std::mem::forget(wait(&consumer, 1).await);
    let start = Instant::now();
    let again = wait(&consumer, 1).await;
    assert_eq!((again[0].info().stream_sequence, start.elapsed()), (2, millis(200)));
    assert!(start.elapsed() < SECOND);
}
