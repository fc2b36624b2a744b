//! A server that stands still: connections stay open, nothing is read, and soon there is room for nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{FutureExt as _, StreamExt as _};
use pubsub_core::{Broker as _, Client, Consumer, ConsumerConfig, ErrorKind, FetchOptions, SubscribeOptions};
use pubsub_nats::{NatsConfig, async_nats};
use tokio::time::timeout;

use crate::support::{Bench, connect_with, soon};

/// A frozen server, and a client whose connection takes nothing more.
async fn full() -> (Bench, Client, Arc<dyn Consumer>) {
    let mut bench = Bench::start().await;
    bench.stream().await;
    bench.consumer(ConsumerConfig::durable("users").unwrap()).await;
    let config = NatsConfig::new(bench.server.url())
        .unwrap()
        .with_request_timeout(Duration::from_secs(2))
        .with_close_timeout(Duration::from_secs(3));
    let client = connect_with(config).await.unwrap();
    let consumer = client.consumer("RIDE", "users").await.unwrap();
    bench.server.freeze();
    let native = client.native().unwrap().downcast_ref::<async_nats::Client>().unwrap();
    let fill = || native.publish("elsewhere", vec![0; 256 * 1024].into());
    while timeout(Duration::from_millis(200), fill()).await.is_ok() {}
    (bench, client, consumer)
}

#[tokio::test]
async fn a_fetch_ends_in_its_time() {
    let (_bench, _client, consumer) = full().await;
    let started = Instant::now();
    let options = FetchOptions::up_to(1).with_expires(Duration::from_millis(300));
    let error = soon(consumer.fetch(options)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_fetch_that_does_not_wait_ends() {
    let (_bench, _client, consumer) = full().await;
    let error = soon(consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::ZERO))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn a_close_ends_fetches_and_subscriptions() {
    let (_bench, client, consumer) = full().await;
    let mut fetching = consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(60)));
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    // As far as it goes without room.
    assert!((&mut fetching).now_or_never().is_none());
    assert!(deliveries.next().now_or_never().is_none());
    let started = Instant::now();
    // Nothing can be confirmed any more, so it may say so.
    let _ = soon(client.close()).await;
    assert_eq!(soon(fetching).await.unwrap_err().kind(), ErrorKind::Closed);
    assert!(soon(deliveries.next()).await.is_none());
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}
