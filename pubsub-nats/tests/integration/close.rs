//! Closing in order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{FutureExt as _, StreamExt as _};
use pubsub_core::{
    ConsumerConfig, Delivery, ErrorKind, FetchOptions, OutboundMessage, PublishOptions, Settlement,
    SubscribeOptions,
};
use pubsub_nats::async_nats;

use crate::support::{Bench, connect, eventually, fetch, soon};

#[tokio::test]
async fn everything_is_closed_afterwards_and_a_second_close_is_ok() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..1).await;
    let held = fetch(&consumer, 1).await.pop().unwrap();
    soon(bench.client.close()).await.unwrap();
    soon(bench.client.close()).await.unwrap();
    let closed = [
        bench.client.publish("ride.n", "x").await.unwrap_err(),
        consumer.fetch(FetchOptions::up_to(1)).await.unwrap_err(),
        consumer.info().await.unwrap_err(),
        bench.client.publisher().flush().await.unwrap_err(),
        bench.client.consumer("RIDE", "users").await.unwrap_err(),
        bench.client.admin().unwrap().list_streams().await.unwrap_err(),
        held.extend().await.unwrap_err(),
        held.ack().await.unwrap_err(),
    ];
    for error in closed {
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    }
    assert!(!bench.client.health().await.is_usable());
}

#[tokio::test]
async fn receipts_resolve_before_the_connection_ends() {
    let bench = Bench::start().await;
    bench.stream().await;
    let publisher = bench.client.publisher();
    let mut receipts = Vec::new();
    for n in 0..1_000 {
        let message = OutboundMessage::new("ride.n", n.to_string()).unwrap();
        receipts.push(publisher.publish_with(message, PublishOptions::default()).await.unwrap());
    }
    soon(bench.client.close()).await.unwrap();
    for receipt in receipts {
        soon(receipt).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_settled_without_waiting_has_arrived_when_the_close_ends() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..200).await;
    let mut held = Vec::new();
    while held.len() < 200 {
        held.extend(fetch(&consumer, 200).await);
    }
    let settled = consumer.settle_many(held, Settlement::ack()).await;
    assert!(settled.iter().all(Result::is_ok));
    soon(bench.client.close()).await.unwrap();
    let other = connect(bench.server.url()).await.unwrap();
    assert_eq!(other.consumer("RIDE", "users").await.unwrap().info().await.unwrap().ack_pending, 0);
}

#[tokio::test]
async fn what_was_prefetched_is_available_to_others_at_once() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..20).await;
    // A stream that is held and not polled while the connection closes.
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default().with_buffer(20));
    soon(deliveries.next()).await.unwrap().unwrap().ack_confirmed().await.unwrap();
    eventually("all are prefetched", || async { consumer.info().await.unwrap().ack_pending == 19 }).await;
    soon(bench.client.close()).await.unwrap();

    let other = connect(bench.server.url()).await.unwrap();
    let consumer = other.consumer("RIDE", "users").await.unwrap();
    let mut seen = BTreeSet::new();
    let started = Instant::now();
    while seen.len() < 19 {
        assert!(started.elapsed() < Duration::from_secs(10), "only {} came", seen.len());
        for delivery in fetch(&consumer, 20).await {
            seen.insert(delivery.info().stream_sequence);
            delivery.ack().await.unwrap();
        }
    }
    assert!(soon(deliveries.next()).await.is_none());
}

/// At `max_ack_pending` a fetch goes on for a moment with what it has.
#[tokio::test]
async fn what_a_fetch_has_received_is_available_to_others_although_nobody_polls_it() {
    let bench = Bench::start().await;
    bench.stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap().with_max_ack_pending(3)).await;
    bench.publish(0..9).await;
    let other = connect(bench.server.url()).await.unwrap().consumer("RIDE", "users").await.unwrap();
    let held = fetch(&other, 2).await;
    let fetching = loop {
        let mut fetching = consumer.fetch(FetchOptions::up_to(3));
        while consumer.info().await.unwrap().ack_pending < 3 {
            assert!((&mut fetching).now_or_never().is_none());
        }
        match (&mut fetching).now_or_never() {
            None => break fetching,
            // Too late: the moment is over.
            Some(received) => nak_all(received.unwrap()).await,
        }
    };
    soon(bench.client.close()).await.unwrap();
    assert_eq!(soon(fetch(&other, 1)).await.len(), 1);
    assert_eq!(soon(fetching).await.unwrap_err().kind(), ErrorKind::Closed);
    drop(held);
}

async fn nak_all(deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        delivery.nak().await.unwrap();
    }
}

#[tokio::test]
async fn a_waiting_fetch_is_closed_and_a_subscription_ends() {
    let (bench, consumer) = Bench::with_consumer().await;
    let fetching = tokio::spawn({
        let consumer = Arc::clone(&consumer);
        async move { consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(15))).await }
    });
    let streaming =
        tokio::spawn(Arc::clone(&consumer).subscribe(SubscribeOptions::default()).collect::<Vec<_>>());
    eventually("both wait", || async { consumer.info().await.unwrap().waiting == 2 }).await;
    let started = Instant::now();
    soon(bench.client.close()).await.unwrap();
    assert_eq!(soon(fetching).await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
    assert!(soon(streaming).await.unwrap().is_empty());
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_connection_ends_although_handles_live() {
    let (bench, consumer) = Bench::with_consumer().await;
    let broker = bench.client.clone();
    let native =
        pubsub_core::Broker::native(&broker).unwrap().downcast_ref::<async_nats::Client>().unwrap().clone();
    soon(bench.client.close()).await.unwrap();
    assert!(native.flush().await.is_err());
    drop(consumer);
}

#[tokio::test]
async fn a_dropped_broker_ends_its_connection() {
    let (bench, consumer) = Bench::with_consumer().await;
    let native = pubsub_core::Broker::native(&bench.client)
        .unwrap()
        .downcast_ref::<async_nats::Client>()
        .unwrap()
        .clone();
    let statistics = native.statistics();
    drop((consumer, native, bench.client));
    // Only the connection's own tasks could still hold it.
    eventually("nobody holds the connection", || {
        let holders = Arc::strong_count(&statistics);
        async move { holders == 1 }
    })
    .await;
}

#[test]
fn dropping_everything_outside_a_runtime_does_not_panic() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (bench, consumer, held, deliveries) = runtime.block_on(async {
        let (bench, consumer) = Bench::with_consumer().await;
        bench.publish(0..5).await;
        let held = fetch(&consumer, 2).await;
        let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
        drop(soon(deliveries.next()).await);
        (bench, consumer, held, deliveries)
    });
    drop(deliveries);
    drop(runtime);
    drop(held);
    drop(consumer);
    drop(bench);
}
