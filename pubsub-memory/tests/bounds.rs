//! The bounds of a store: what is refused when it is full, and that it goes on when there is room again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Setup, durable, stream, take};
use futures::StreamExt as _;
use pubsub_core::{
    Broker as _, CoreSubscribeOptions, Error, ErrorKind, Limit, OutboundMessage, PublishOptions,
    PublisherExt as _, Purge, Result, StreamConfig, StreamName, SubjectFilter,
};
use pubsub_memory::{MemoryConfig, MemoryServer};

/// What a message of [`publish`] costs: its subject, its payload, and what a server adds.
const COST: u64 = 3 + 100 + 16;

async fn setup(bounds: MemoryConfig, config: StreamConfig) -> Setup {
    Setup::over(MemoryServer::new(bounds).unwrap().connect(), config).await
}

async fn publish(setup: &Setup, subject: &str) -> Result<u64> {
    let receipt = setup.broker.publisher().publish(subject, vec![b'x'; 100]).await?;
    Ok(receipt.sequence.unwrap())
}

fn another(name: &str) -> StreamConfig {
    let mut config = stream();
    config.name = StreamName::new(name).unwrap();
    config.subjects = vec![SubjectFilter::new(format!("{}.>", name.to_lowercase())).unwrap()];
    config
}

/// As a server whose account has its limits.
fn refused<T: std::fmt::Debug>(outcome: Result<T>, bound: &str) -> Error {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10002)), "{error}");
    assert_eq!(error.context("field"), Some(bound));
    error
}

#[tokio::test(start_paused = true)]
async fn no_more_messages_are_stored_than_the_store_may_hold() {
    let setup = setup(MemoryConfig::default().with_max_messages(3), stream()).await;
    setup.admin().create_stream(another("T")).await.unwrap();
    publish(&setup, "s.a").await.unwrap();
    publish(&setup, "s.a").await.unwrap();
    publish(&setup, "t.a").await.unwrap();
    refused(publish(&setup, "s.a").await, "max_messages");
    refused(publish(&setup, "t.a").await, "max_messages");
}

#[tokio::test(start_paused = true)]
async fn no_more_bytes_are_stored_than_the_store_may_hold() {
    let setup = setup(MemoryConfig::default().with_max_bytes(3 * COST), stream()).await;
    for _ in 0..3 {
        publish(&setup, "s.a").await.unwrap();
    }
    refused(publish(&setup, "s.a").await, "max_bytes");
    assert_eq!(setup.info().await.bytes, 3 * COST);
}

#[tokio::test(start_paused = true)]
async fn what_leaves_by_whatever_way_makes_room() {
    let bounds = || MemoryConfig::default().with_max_messages(2);
    for way in 0..5 {
        let config = if way == 0 { stream().with_max_age(Limit::At(common::SECOND)) } else { stream() };
        let setup = setup(bounds(), config).await;
        setup.fill(2).await;
        refused(publish(&setup, "s.a").await, "max_messages");
        let admin = setup.admin();
        match way {
            0 => tokio::time::advance(common::SECOND).await,
            1 => drop(admin.purge_stream(&setup.stream, Purge::all()).await.unwrap()),
            2 => admin.delete_message(&setup.stream, 1).await.unwrap(),
            3 => drop(admin.update_stream(stream().with_max_messages(1)).await.unwrap()),
            _ => {
                admin.delete_stream(&setup.stream).await.unwrap();
                admin.create_stream(stream()).await.unwrap();
            }
        }
        assert!(way != 0 || setup.info().await.messages == 0);
        publish(&setup, "s.a").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_at_its_own_limit_goes_on_below_the_stores() {
    let bounds = MemoryConfig::default().with_max_messages(3);
    let setup = setup(bounds, stream().with_max_messages(2)).await;
    setup.fill(100).await;
    assert_eq!(setup.stored().await, [99, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_leaves_its_id_free_and_its_place_empty() {
    let setup = setup(MemoryConfig::default().with_max_messages(1), stream()).await;
    setup.fill(1).await;
    refused(setup.publish_id("s.a", "one").await, "max_messages");
    setup.admin().purge_stream(&setup.stream, Purge::all()).await.unwrap();
    let receipt = setup.publish_id("s.a", "one").await.unwrap();
    assert_eq!((receipt.sequence, receipt.duplicate), (Some(2), Some(false)));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_does_not_fit_is_stored_in_no_part() {
    let bounds = MemoryConfig::default().with_max_messages(3);
    let setup = setup(bounds, stream().with_allow_atomic_batches()).await;
    setup.fill(2).await;
    let batch = || vec![OutboundMessage::new("s.a", "1").unwrap(), OutboundMessage::new("s.a", "2").unwrap()];
    let publisher = setup.broker.publisher();
    refused(publisher.publish_atomic(batch(), PublishOptions::default()).await, "max_messages");
    assert_eq!(setup.info().await.messages, 2);
    setup.admin().delete_message(&setup.stream, 1).await.unwrap();
    publisher.publish_atomic(batch(), PublishOptions::default()).await.unwrap();
    assert_eq!(setup.info().await.messages, 3);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_keeps_nothing_beside_the_stream() {
    let bounds = MemoryConfig::default().with_max_messages(10);
    let setup = setup(bounds, stream().with_max_messages(5)).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(2)).await;
    setup.fill(2).await;
    let held = take(&consumer, 10).await;
    // What it has not taken goes as the stream's limits say, however long it does not read.
    setup.fill(1000).await;
    assert_eq!(setup.info().await.messages, 5);
    assert!(setup.consumer_info("c").await.unwrap().ack_pending <= 2);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn the_account_tells_the_bounds() {
    let bounds = MemoryConfig::default().with_max_bytes(1000).with_max_streams(7);
    let setup = setup(bounds.with_max_consumers_per_stream(9), stream()).await;
    publish(&setup, "s.a").await.unwrap();
    let account = setup.admin().account_info().await.unwrap();
    assert_eq!((account.storage.used, account.storage.limit), (COST, Limit::At(1000)));
    assert_eq!((account.memory.used, account.memory.limit), (0, Limit::At(1000)));
    assert_eq!((account.streams.used, account.streams.limit), (1, Limit::At(7)));
    assert_eq!((account.consumers.used, account.consumers.limit), (0, Limit::At(9)));
}

#[tokio::test(start_paused = true)]
async fn no_more_listen_than_may() {
    let setup = setup(MemoryConfig::default().with_max_listeners(1), stream()).await;
    let core = setup.broker.core().unwrap();
    let listen = || core.subscribe(SubjectFilter::all(), CoreSubscribeOptions::default());
    let first = listen().await.unwrap();
    let error = listen().await.err().unwrap();
    assert_eq!((error.kind(), error.context("field")), (ErrorKind::Overloaded, Some("max_listeners")));
    drop(first);
    assert!(listen().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_a_plain_listener_misses_is_counted() {
    let setup = setup(MemoryConfig::default(), stream()).await;
    let core = setup.broker.core().unwrap();
    let options = CoreSubscribeOptions::default().with_buffer(1);
    let mut slow = core.subscribe(SubjectFilter::all(), options).await.unwrap();
    setup.fill(5).await;
    assert_eq!(setup.server.missed_by_listeners(), 4);
    assert!(slow.next().await.unwrap().is_ok());
}
