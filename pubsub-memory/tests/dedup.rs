//! Message ids: what is stored once, and for how long.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, durable, sequences, stream, take};
use pubsub_core::{Discard, ErrorKind, Purge};

fn windowed() -> pubsub_core::StreamConfig {
    stream().with_duplicate_window(10 * SECOND)
}

async fn publish(setup: &Setup, subject: &str, id: &str) -> (u64, bool) {
    let receipt = setup.publish_id(subject, id).await.unwrap();
    (receipt.sequence.unwrap(), receipt.is_duplicate())
}

#[tokio::test(start_paused = true)]
async fn an_id_is_stored_once_within_the_window_of_its_first_publish() {
    let setup = Setup::new(windowed()).await;
    assert_eq!(publish(&setup, "s.a", "one").await, (1, false));
    tokio::time::advance(6 * SECOND).await;
    assert_eq!(publish(&setup, "s.a", "one").await, (1, true));
    assert_eq!(publish(&setup, "s.a", "two").await, (2, false));
    // The duplicate has not lengthened the window.
    tokio::time::advance(4 * SECOND).await;
    assert_eq!(publish(&setup, "s.a", "one").await, (3, false));
    assert_eq!(setup.info().await.messages, 3);
}

#[tokio::test(start_paused = true)]
async fn an_id_counts_for_all_subjects_of_the_stream() {
    let setup = Setup::new(windowed()).await;
    publish(&setup, "s.a", "one").await;
    assert_eq!(publish(&setup, "s.b", "one").await, (1, true));
}

#[tokio::test(start_paused = true)]
async fn an_id_is_remembered_after_the_message_is_settled_or_purged() {
    let setup = Setup::new(windowed().with_retention(pubsub_core::Retention::WorkQueue)).await;
    let consumer = setup.consumer(durable("c")).await;
    publish(&setup, "s.a", "acked").await;
    take(&consumer, 1).await.remove(0).ack().await.unwrap();
    publish(&setup, "s.a", "purged").await;
    setup.admin().purge_stream(&setup.stream, Purge::all()).await.unwrap();
    assert_eq!(publish(&setup, "s.a", "acked").await, (1, true));
    assert_eq!(publish(&setup, "s.a", "purged").await, (2, true));
    assert_eq!(setup.info().await.messages, 0);
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_refused_message_stays_free() {
    let setup = Setup::new(windowed().with_max_messages(1).with_discard(Discard::New)).await;
    setup.fill(1).await;
    let refused = setup.publish_id("s.a", "one").await.unwrap_err();
    assert_eq!((refused.kind(), refused.broker_code()), (ErrorKind::Conflict, Some(10077)));
    setup.admin().purge_stream(&setup.stream, Purge::all()).await.unwrap();
    assert_eq!(publish(&setup, "s.a", "one").await, (2, false));
}

#[tokio::test(start_paused = true)]
async fn a_stored_message_carries_its_id() {
    let setup = Setup::new(windowed()).await;
    let consumer = setup.consumer(durable("c")).await;
    publish(&setup, "s.a", "one").await;
    let batch = take(&consumer, 1).await;
    assert_eq!(sequences(&batch), [1]);
    assert_eq!(batch[0].headers().get("Nats-Msg-Id"), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_not_set_is_two_minutes_or_the_age_if_that_is_shorter() {
    let short = Setup::new(stream().with_max_age(5 * SECOND)).await;
    publish(&short, "s.a", "one").await;
    tokio::time::advance(5 * SECOND).await;
    assert_eq!(publish(&short, "s.a", "one").await, (2, false));

    let long = Setup::new(stream()).await;
    publish(&long, "s.a", "one").await;
    tokio::time::advance(119 * SECOND).await;
    assert_eq!(publish(&long, "s.a", "one").await, (1, true));
    tokio::time::advance(SECOND).await;
    assert_eq!(publish(&long, "s.a", "one").await, (2, false));
}

#[tokio::test(start_paused = true)]
async fn one_id_more_than_the_store_remembers_is_refused_and_none_forgotten() {
    let config = pubsub_memory::MemoryConfig::default().with_max_message_ids(1);
    let setup = Setup::over(pubsub_memory::MemoryServer::new(config).unwrap().connect(), windowed()).await;
    publish(&setup, "s.a", "one").await;
    let refused = setup.publish_id("s.a", "two").await.unwrap_err();
    assert_eq!((refused.kind(), refused.context("stream")), (ErrorKind::Overloaded, Some("S")));
    assert_eq!(publish(&setup, "s.a", "one").await, (1, true));
    tokio::time::advance(10 * SECOND).await;
    assert_eq!(publish(&setup, "s.a", "two").await, (2, false));
}
