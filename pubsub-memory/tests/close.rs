//! The end of a connection.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{SECOND, Setup, attempts, durable, sequences, stream, take, wait};
use futures::StreamExt as _;
use pubsub_core::{
    Broker as _, ConsumerConfig, ErrorKind, FetchOptions, HealthState, OutboundMessage, PublishOptions,
    PublisherExt as _, Settlement, SubscribeOptions,
};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn everything_made_from_it_ends_with_a_clear_error() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let publisher = setup.broker.publisher();
    setup.fill(2).await;
    let mut held = take(&consumer, 2).await;
    setup.broker.close().await.unwrap();
    setup.broker.close().await.unwrap();

    assert_eq!(publisher.publish("s.a", "late").await.unwrap_err().kind(), ErrorKind::Closed);
    let message = OutboundMessage::new("s.a", "late").unwrap();
    let refused = publisher.publish_with(message, PublishOptions::default()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(publisher.flush().await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(consumer.fetch(FetchOptions::up_to(1)).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(consumer.info().await.unwrap_err().kind(), ErrorKind::Closed);
    assert!(Arc::clone(&consumer).subscribe(SubscribeOptions::default()).next().await.is_none());
    assert_eq!(held[0].extend().await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(held.remove(0).ack().await.unwrap_err().kind(), ErrorKind::Closed);
    let settled = consumer.settle_many(held, Settlement::ack()).await;
    assert_eq!(settled[0].as_ref().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(setup.open("c").await.unwrap_err().kind(), ErrorKind::Closed);
    let admin = setup.admin();
    assert_eq!(admin.stream_info(&setup.stream).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(admin.list_streams().await.unwrap_err().kind(), ErrorKind::Closed);
    let created = admin.create_consumer(&setup.stream, ConsumerConfig::ephemeral()).await;
    assert_eq!(created.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(setup.broker.health().await.state, HealthState::Unhealthy);
}

#[tokio::test(start_paused = true)]
async fn what_waits_ends_at_once() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let start = Instant::now();
    let mut subscription = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    let fetch = tokio::spawn(async move { consumer.fetch(FetchOptions::up_to(1)).await.unwrap_err().kind() });
    let subscription = tokio::spawn(async move { subscription.next().await.is_none() });
    tokio::task::yield_now().await;
    setup.broker.close().await.unwrap();
    assert_eq!(fetch.await.unwrap(), ErrorKind::Closed);
    assert!(subscription.await.unwrap());
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_was_delivered_comes_again_after_its_ack_wait() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(2).await;
    let held = take(&consumer, 1).await;
    setup.broker.close().await.unwrap();
    drop(held);

    let setup = Setup { broker: setup.server.connect(), ..setup };
    let start = Instant::now();
    let consumer = setup.open("c").await.unwrap();
    assert_eq!(sequences(&take(&consumer, 10).await), [2]);
    let again = wait(&consumer, 1).await;
    assert_eq!((sequences(&again), attempts(&again)), (vec![1], vec![2]));
    assert_eq!(start.elapsed(), 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn other_connections_go_on() {
    let setup = Setup::new(stream()).await;
    setup.consumer(durable("c")).await;
    let other =
        Setup { broker: setup.server.connect(), server: setup.server.clone(), stream: setup.stream.clone() };
    let consumer = other.open("c").await.unwrap();
    let fetch = tokio::spawn(async move { sequences(&wait(&consumer, 1).await) });
    tokio::task::yield_now().await;
    setup.broker.close().await.unwrap();
    other.fill(1).await;
    assert_eq!(fetch.await.unwrap(), [1]);
}
