//! Fetches and subscriptions that wait.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{SECOND, Setup, ack_all, durable, sequences, stream, take, wait};
use futures::StreamExt as _;
use pubsub_core::{ErrorKind, FetchOptions, SubscribeOptions};
use tokio::time::{Instant, timeout};

#[tokio::test(start_paused = true)]
async fn an_empty_fetch_ends_at_its_time_without_an_error() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let start = Instant::now();
    let batch = consumer.fetch(FetchOptions::up_to(5).with_expires(2 * SECOND)).await.unwrap();
    assert!(batch.is_empty());
    assert_eq!(start.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_publish_wakes_only_a_fetch_that_matches() {
    let setup = Setup::new(stream()).await;
    let (a, b) = (durable("a").with_filter("s.a").unwrap(), durable("b").with_filter("s.b").unwrap());
    let (a, b) = (setup.consumer(a).await, setup.consumer(b).await);
    let a = tokio::spawn(async move { sequences(&wait(&a, 1).await) });
    let b = tokio::spawn(
        async move { b.fetch(FetchOptions::up_to(1).with_expires(SECOND)).await.unwrap().len() },
    );
    tokio::task::yield_now().await;
    setup.publish("s.a").await;
    assert_eq!(a.await.unwrap(), [1]);
    assert_eq!(b.await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_fetches_are_served_in_turn() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let workers = (0..2).map(|_| {
        let consumer = Arc::clone(&consumer);
        tokio::spawn(async move {
            let mut got = Vec::new();
            for _ in 0..3 {
                got.extend(sequences(&wait(&consumer, 1).await));
            }
            got
        })
    });
    let workers: Vec<_> = workers.collect();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        setup.publish("s.a").await;
    }
    let mut got = Vec::new();
    for worker in workers {
        got.push(worker.await.unwrap());
    }
    assert_eq!(got, [[1, 3, 5], [2, 4, 6]]);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_is_dropped_while_it_waits_passes_its_wake_up_on() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let mut first = Box::pin(wait(&consumer, 1));
    let mut second = Box::pin(wait(&consumer, 1));
    assert!(futures::poll!(&mut first).is_pending());
    assert!(futures::poll!(&mut second).is_pending());
    assert_eq!(setup.consumer_info("c").await.unwrap().waiting, 2);
    setup.publish("s.a").await;
    drop(first);
    assert_eq!(sequences(&timeout(SECOND, second).await.unwrap()), [1]);
    assert_eq!(setup.consumer_info("c").await.unwrap().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_fetch_passes_on_the_watch_for_redeliveries_too() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(5 * SECOND)).await;
    let mut first = Box::pin(wait(&consumer, 1));
    let mut second = Box::pin(wait(&consumer, 1));
    let mut third = Box::pin(wait(&consumer, 1));
    assert!(futures::poll!(&mut first).is_pending());
    assert!(futures::poll!(&mut second).is_pending());
    assert!(futures::poll!(&mut third).is_pending());
    setup.publish("s.a").await;
    let start = Instant::now();
    let held = first.await;
    // The second one was told to look again in 5 s.
    assert!(futures::poll!(&mut second).is_pending());
    drop(second);
    assert_eq!(sequences(&third.await), [1]);
    assert_eq!(start.elapsed(), 5 * SECOND);
    ack_all(held).await;
}

#[tokio::test(start_paused = true)]
async fn an_ack_lets_a_stalled_fetch_go_on() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(1)).await;
    setup.fill(2).await;
    let held = take(&consumer, 5).await;
    let waiting = Arc::clone(&consumer);
    let waiting = tokio::spawn(async move { sequences(&wait(&waiting, 5).await) });
    tokio::task::yield_now().await;
    let start = Instant::now();
    ack_all(held).await;
    assert_eq!(waiting.await.unwrap(), [2]);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn deleting_the_consumer_or_the_stream_ends_what_waits() {
    let setup = Setup::new(stream()).await;
    let one = setup.consumer(durable("one")).await;
    let other = setup.consumer(durable("other")).await;
    let start = Instant::now();
    let fetch = tokio::spawn(async move { one.fetch(FetchOptions::up_to(1)).await.unwrap_err() });
    let mut subscription = other.subscribe(SubscribeOptions::default());
    let subscription = tokio::spawn(async move {
        let error = subscription.next().await.unwrap().unwrap_err();
        (error, subscription.next().await.is_none())
    });
    tokio::task::yield_now().await;
    setup
        .admin()
        .delete_consumer(&setup.stream, &pubsub_core::ConsumerName::new("one").unwrap())
        .await
        .unwrap();
    let error = fetch.await.unwrap();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10014)));
    setup.admin().delete_stream(&setup.stream).await.unwrap();
    let (error, ended) = subscription.await.unwrap();
    assert_eq!((error.kind(), error.broker_code(), ended), (ErrorKind::NotFound, Some(10059), true));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn handles_that_compete_all_get_messages() {
    let setup = Setup::new(stream()).await;
    setup.consumer(durable("c")).await;
    setup.fill(200).await;
    let mut workers = Vec::new();
    for _ in 0..4 {
        let consumer = setup.open("c").await.unwrap();
        workers.push(tokio::spawn(async move {
            let mut count = 0;
            loop {
                let batch = take(&consumer, 5).await;
                if batch.is_empty() {
                    return count;
                }
                count += batch.len();
                ack_all(batch).await;
            }
        }));
    }
    let mut counts = Vec::new();
    for worker in workers {
        counts.push(worker.await.unwrap());
    }
    assert_eq!(counts.iter().sum::<usize>(), 200);
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn more_waiting_fetches_than_allowed_are_refused() {
    let config = pubsub_memory::MemoryConfig::default().with_max_waiting(1);
    let broker = pubsub_memory::MemoryServer::new(config).unwrap().connect();
    let setup = Setup::over(broker, stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let mut first = Box::pin(wait(&consumer, 1));
    assert!(futures::poll!(&mut first).is_pending());
    let error = consumer.fetch(FetchOptions::up_to(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.context("consumer")), (ErrorKind::Overloaded, Some("c")));
}

#[tokio::test(start_paused = true)]
async fn options_out_of_range_are_refused_before_anything_is_taken() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    assert_eq!(consumer.fetch(FetchOptions::up_to(0)).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let mut subscription = Arc::clone(&consumer).subscribe(SubscribeOptions::default().with_buffer(0));
    assert_eq!(subscription.next().await.unwrap().unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(subscription.next().await.is_none());
    assert_eq!(setup.consumer_info("c").await.unwrap().pending, 1);
}
