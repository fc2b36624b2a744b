//! Consumers that go when nobody uses them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, ack_all, durable, stream, take};
use pubsub_core::{Broker as _, ConsumerConfig, ErrorKind, FetchOptions, Retention};

fn brief() -> ConsumerConfig {
    ConsumerConfig::ephemeral().with_name("e").unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_broker_names_those_that_have_no_name() {
    let setup = Setup::new(stream()).await;
    let one = setup.admin().create_consumer(&setup.stream, ConsumerConfig::ephemeral()).await.unwrap();
    let other = setup.admin().create_consumer(&setup.stream, ConsumerConfig::ephemeral()).await.unwrap();
    assert_ne!(one.name, other.name);
    assert_eq!(one.config.name, Some(one.name));
}

#[tokio::test(start_paused = true)]
async fn without_use_it_goes_after_five_seconds() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(brief()).await;
    tokio::time::advance(5 * SECOND - std::time::Duration::from_millis(1)).await;
    // To look at it is no use.
    assert!(setup.consumer_info("e").await.is_ok());
    tokio::time::advance(std::time::Duration::from_millis(1)).await;
    let error = setup.consumer_info("e").await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10014)));
    assert_eq!(consumer.fetch(FetchOptions::up_to(1)).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_waits_is_use() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(brief()).await;
    let batch = consumer.fetch(FetchOptions::up_to(1).with_expires(60 * SECOND)).await.unwrap();
    assert!(batch.is_empty());
    tokio::time::advance(4 * SECOND).await;
    assert!(take(&consumer, 1).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_delivery_within_its_ack_wait_is_use() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(brief().with_ack_wait(30 * SECOND)).await;
    setup.fill(1).await;
    let held = take(&consumer, 1).await;
    tokio::time::advance(20 * SECOND).await;
    ack_all(held).await;
    tokio::time::advance(4 * SECOND).await;
    assert!(setup.consumer_info("e").await.is_ok());
    tokio::time::advance(SECOND).await;
    assert!(setup.consumer_info("e").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_only_it_was_holding_goes_with_it() {
    let setup = Setup::new(stream().with_retention(Retention::Interest)).await;
    setup.consumer(brief()).await;
    setup.fill(1).await;
    tokio::time::advance(6 * SECOND).await;
    let info = setup.info().await;
    assert_eq!((info.messages, info.consumers), (0, 0));
    assert_eq!(setup.publish("s.a").await.sequence, Some(2));
    assert_eq!(setup.info().await.messages, 0);
}

#[tokio::test(start_paused = true)]
async fn a_durable_one_stays_unless_it_has_a_threshold() {
    let setup = Setup::new(stream()).await;
    setup.consumer(durable("stays")).await;
    setup.consumer(durable("goes").with_inactive_threshold(60 * SECOND)).await;
    tokio::time::advance(59 * SECOND).await;
    assert!(setup.consumer_info("goes").await.is_ok());
    tokio::time::advance(3600 * SECOND).await;
    assert!(setup.consumer_info("goes").await.is_err());
    setup.broker.close().await.unwrap();
    let setup = Setup { broker: setup.server.connect(), ..setup };
    assert!(setup.consumer_info("stays").await.is_ok());
}
