//! A consumer or a stream that is deleted ends the work with one clear error.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use pubsub_core::{ErrorKind, FetchOptions, SubscribeOptions};

use crate::support::{Bench, eventually, fetch, soon};

#[tokio::test]
async fn a_waiting_fetch_ends_with_not_found() {
    let (bench, consumer) = Bench::with_consumer().await;
    let waiting = tokio::spawn({
        let consumer = Arc::clone(&consumer);
        async move { consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(15))).await }
    });
    eventually("the fetch waits", || async { consumer.info().await.unwrap().waiting == 1 }).await;
    let started = Instant::now();
    let admin = bench.client.admin().unwrap();
    admin.delete_consumer(&"RIDE".try_into().unwrap(), &"users".try_into().unwrap()).await.unwrap();
    let error = soon(waiting).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10014)));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_fetch_from_a_consumer_that_is_gone_is_not_found_at_once() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.client.admin().unwrap().delete_stream(&"RIDE".try_into().unwrap()).await.unwrap();
    let started = Instant::now();
    let error = consumer.fetch(FetchOptions::up_to(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10059)));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_subscription_ends_with_one_not_found() {
    let (bench, consumer) = Bench::with_consumer().await;
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    bench.publish(0..1).await;
    soon(deliveries.next()).await.unwrap().unwrap().ack().await.unwrap();
    let started = Instant::now();
    bench.client.admin().unwrap().delete_stream(&"RIDE".try_into().unwrap()).await.unwrap();
    let error = soon(deliveries.next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!((error.context("stream"), error.context("consumer")), (Some("RIDE"), Some("users")));
    assert!(soon(deliveries.next()).await.is_none());
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_confirmed_ack_after_the_deletion_is_not_found() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..2).await;
    let mut held = fetch(&consumer, 2).await;
    let admin = bench.client.admin().unwrap();
    admin.delete_consumer(&"RIDE".try_into().unwrap(), &"users".try_into().unwrap()).await.unwrap();
    let error = soon(held.pop().unwrap().ack_confirmed()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!((error.context("consumer"), error.context("sequence")), (Some("users"), Some("2")));
    // An unconfirmed one is only handed over.
    held.pop().unwrap().ack().await.unwrap();
}
