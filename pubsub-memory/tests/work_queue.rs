//! Work-queue retention: a message stays until its one consumer has settled it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, ack_all, attempts, durable, sequences, stream, take};
use pubsub_core::{
    AckPolicy, ConsumerConfig, ConsumerName, DeliverPolicy, ErrorKind, Retention, StreamConfig,
};

fn queue() -> StreamConfig {
    stream().with_retention(Retention::WorkQueue)
}

async fn refusal(setup: &Setup, config: ConsumerConfig) -> (ErrorKind, Option<u16>) {
    let error = setup.admin().create_consumer(&setup.stream, config).await.unwrap_err();
    assert!(error.remedy().is_some(), "{error}");
    assert_eq!(error.context("stream"), Some("S"), "{error}");
    (error.kind(), error.broker_code())
}

#[tokio::test(start_paused = true)]
async fn a_message_is_kept_without_consumers_and_leaves_with_its_ack_or_term() {
    let setup = Setup::new(queue()).await;
    setup.fill(3).await;
    let consumer = setup.consumer(durable("c")).await;
    let mut held = take(&consumer, 3).await;
    assert_eq!(setup.info().await.messages, 3);
    held.remove(0).ack().await.unwrap();
    held.remove(0).term("broken").await.unwrap();
    assert_eq!(setup.stored().await, [3]);
    held.remove(0).nak().await.unwrap();
    assert_eq!(setup.stored().await, [3]);
}

#[tokio::test(start_paused = true)]
async fn a_second_consumer_may_not_overlap() {
    let setup = Setup::new(queue()).await;
    setup.consumer(durable("a").with_filter("s.a").unwrap()).await;
    let filtered = |filter: &str| durable("x").with_filter(filter).unwrap();
    assert_eq!(refusal(&setup, durable("x")).await, (ErrorKind::Conflict, Some(10099)));
    assert_eq!(refusal(&setup, filtered(">")).await, (ErrorKind::Conflict, Some(10100)));
    assert_eq!(refusal(&setup, filtered("s.*")).await, (ErrorKind::Conflict, Some(10100)));
    setup.consumer(durable("b").with_filter("s.b").unwrap()).await;
    let wider = durable("b").with_filter("s.*").unwrap();
    let error = setup.admin().update_consumer(&setup.stream, wider).await.unwrap_err();
    assert_eq!(error.broker_code(), Some(10100));
}

#[tokio::test(start_paused = true)]
async fn its_consumers_ack_each_message_and_start_with_the_oldest() {
    let setup = Setup::new(queue()).await;
    let none = durable("c").with_ack(AckPolicy::None);
    assert_eq!(refusal(&setup, none.clone()).await, (ErrorKind::Config, Some(10084)));
    assert_eq!(refusal(&setup, none.with_deliver(DeliverPolicy::New)).await.1, Some(10084));
    assert_eq!(
        refusal(&setup, durable("c").with_ack(AckPolicy::All)).await,
        (ErrorKind::Config, Some(10098))
    );
    let new = durable("c").with_deliver(DeliverPolicy::New);
    assert_eq!(refusal(&setup, new).await, (ErrorKind::Conflict, Some(10101)));
}

#[tokio::test(start_paused = true)]
async fn deleting_the_consumer_keeps_the_messages_and_forgets_the_attempts() {
    let setup = Setup::new(queue()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    take(&consumer, 1).await.remove(0).nak().await.unwrap();
    assert_eq!(attempts(&take(&consumer, 1).await), [2]);
    setup.admin().delete_consumer(&setup.stream, &ConsumerName::new("c").unwrap()).await.unwrap();
    let next = setup.consumer(durable("next")).await;
    let again = take(&next, 1).await;
    assert_eq!((sequences(&again), attempts(&again)), (vec![1], vec![1]));
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_message_stays_until_a_late_ack() {
    let setup = Setup::new(queue()).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    let late = take(&consumer, 1).await;
    tokio::time::advance(2 * SECOND).await;
    let raised = durable("c").with_max_deliver(5).with_ack_wait(SECOND);
    assert!(take(&consumer, 1).await.is_empty());
    setup.admin().update_consumer(&setup.stream, raised).await.unwrap();
    assert!(take(&consumer, 1).await.is_empty());
    assert_eq!(setup.stored().await, [1]);
    ack_all(late).await;
    assert_eq!(setup.info().await.messages, 0);
}
