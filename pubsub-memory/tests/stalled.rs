//! Who waits for room at `max_ack_pending`, and what gives it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use common::{SECOND, Setup, durable, sequences, stream, take, wait};
use futures::StreamExt as _;
use pubsub_core::{
    Broker as _, Delivery, FetchOptions, Limit, OutboundMessage, PublisherExt as _, Purge, StreamConfig,
    SubscribeOptions, TimeToLive,
};
use tokio::time::{Instant, timeout};

/// Two messages of six are unsettled, and there is no room for more.
async fn stalled(config: StreamConfig) -> (Setup, Vec<Delivery>) {
    let setup = Setup::new(config).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(2)).await;
    setup.fill(6).await;
    let held = take(&consumer, 10).await;
    assert_eq!(sequences(&held), [1, 2]);
    (setup, held)
}

/// What a fetch and a subscription get that wait while `free` makes room, each in a setup of its own.
async fn freed<F, R>(config: StreamConfig, free: F) -> [Option<u64>; 2]
where
    F: Fn(Arc<Setup>, Vec<Delivery>) -> R,
    R: Future<Output = ()>,
{
    let mut got = [None, None];
    for (index, got) in got.iter_mut().enumerate() {
        let (setup, held) = stalled(config.clone()).await;
        let consumer = setup.open("c").await.unwrap();
        let waiting = tokio::spawn(async move {
            if index == 0 {
                return sequences(&wait(&consumer, 1).await)[0];
            }
            let mut deliveries = consumer.subscribe(SubscribeOptions::default());
            deliveries.next().await.unwrap().unwrap().info().stream_sequence
        });
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let start = Instant::now();
        free(Arc::new(setup), held).await;
        *got = timeout(SECOND, waiting).await.ok().map(Result::unwrap);
        assert!(got.is_none() || start.elapsed() == Duration::ZERO, "{:?}", start.elapsed());
    }
    got
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_without_room() {
    let got = freed(stream(), |_, held| async move { std::mem::forget(held) }).await;
    assert_eq!(got, [None, None]);
}

#[tokio::test(start_paused = true)]
async fn an_ack_and_a_term_give_room() {
    for term in [false, true] {
        let got = freed(stream(), |_, mut held| async move {
            let first = held.remove(0);
            if term { first.term("x").await.unwrap() } else { first.ack().await.unwrap() }
        })
        .await;
        assert_eq!(got, [Some(3), Some(3)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_gives_room() {
    let got = freed(stream(), |setup, _held| async move {
        setup.admin().delete_message(&setup.stream, 1).await.unwrap();
    })
    .await;
    assert_eq!(got, [Some(3), Some(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_purge_gives_room() {
    let got = freed(stream(), |setup, _held| async move {
        setup.admin().purge_stream(&setup.stream, Purge::up_to(2)).await.unwrap();
    })
    .await;
    assert_eq!(got, [Some(3), Some(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_higher_bound_gives_room() {
    let got = freed(stream(), |setup, _held| async move {
        let config = durable("c").with_max_ack_pending(3);
        setup.admin().update_consumer(&setup.stream, config).await.unwrap();
    })
    .await;
    assert_eq!(got, [Some(3), Some(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_lower_limit_of_the_stream_gives_room() {
    let got = freed(stream(), |setup, _held| async move {
        setup.admin().update_stream(stream().with_max_messages(5)).await.unwrap();
    })
    .await;
    assert_eq!(got, [Some(3), Some(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_publish_over_the_limit_gives_room() {
    let got = freed(stream().with_max_messages(6), |setup, _held| async move { setup.fill(1).await }).await;
    assert_eq!(got, [Some(3), Some(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_grows_too_old_gives_room() {
    let config = stream().with_max_age(10 * SECOND).with_duplicate_window(10 * SECOND);
    let setup = Setup::new(config).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(2)).await;
    setup.fill(2).await;
    tokio::time::advance(5 * SECOND).await;
    setup.fill(2).await;
    let start = Instant::now();
    let _held = take(&consumer, 10).await;
    assert_eq!(sequences(&wait(&consumer, 10).await), [3, 4]);
    assert_eq!(start.elapsed(), 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_another_one_left_without_room_is_woken_too() {
    let setup = Setup::new(stream().with_max_messages(2)).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(1)).await;
    let waiting = Arc::clone(&consumer);
    let waiting = tokio::spawn(async move { sequences(&wait(&waiting, 1).await) });
    let other = tokio::spawn(async move { sequences(&wait(&consumer, 1).await) });
    tokio::task::yield_now().await;
    setup.fill(2).await;
    assert_eq!(waiting.await.unwrap(), [1]);
    setup.fill(1).await;
    assert_eq!(timeout(SECOND, other).await.unwrap().unwrap(), [2]);
}

/// A message without an age keeps its place for ever: who waits for room sleeps on, and is not woken again and again.
#[tokio::test(start_paused = true)]
async fn a_message_that_never_ages_gives_no_room() {
    let setup = Setup::new(stream().with_max_age(Limit::At(SECOND)).with_allow_message_ttl()).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(1)).await;
    let endless = OutboundMessage::new("s.a", "1").unwrap().with_ttl(TimeToLive::Never);
    setup.broker.publisher().publish_message(endless).await.unwrap();
    let held = take(&consumer, 1).await;
    let start = Instant::now();
    assert!(consumer.fetch(FetchOptions::up_to(1).with_expires(20 * SECOND)).await.unwrap().is_empty());
    assert_eq!(start.elapsed(), 20 * SECOND);
    drop(held);
}
