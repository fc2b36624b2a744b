//! What a stream holds at most.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, ack_all, durable, sequences, stream, take};
use pubsub_core::{Broker as _, ConsumerConfig, Discard, ErrorKind, OutboundMessage, PublisherExt as _};

/// What one message of these tests costs: subject, payload and 16 bytes.
const COST: u64 = 3 + 7 + 16;

#[tokio::test(start_paused = true)]
async fn the_oldest_go_when_there_are_too_many_messages_or_bytes() {
    let setup = Setup::new(stream().with_max_messages(3)).await;
    setup.fill(5).await;
    assert_eq!(setup.stored().await, [3, 4, 5]);

    let setup = Setup::new(stream().with_max_bytes(2 * COST)).await;
    setup.fill(5).await;
    assert_eq!(setup.stored().await, [4, 5]);
    assert_eq!(setup.info().await.bytes, 2 * COST);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_alone_is_too_many_bytes_takes_everything_with_it() {
    let setup = Setup::new(stream().with_max_bytes(2 * COST)).await;
    setup.fill(1).await;
    let receipt = setup.broker.publisher().publish("s.a", vec![0; 100]).await.unwrap();
    assert_eq!(receipt.sequence, Some(2));
    let info = setup.info().await;
    assert_eq!((info.messages, info.first_sequence, info.last_sequence), (0, 3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_full_stream_that_discards_the_new_refuses() {
    for (limit, config) in
        [("max_messages", stream().with_max_messages(2)), ("max_bytes", stream().with_max_bytes(2 * COST))]
    {
        let setup = Setup::new(config.with_discard(Discard::New)).await;
        setup.fill(2).await;
        let error = setup.broker.publisher().publish("s.a", "payload").await.unwrap_err();
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10077)));
        assert_eq!((error.context("field"), error.context("subject")), (Some(limit), Some("s.a")));
        assert_eq!(setup.stored().await, [1, 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_subject_keeps_its_newest_messages() {
    let setup = Setup::new(stream().with_max_messages_per_subject(2)).await;
    for subject in ["s.a", "s.b", "s.a", "s.a"] {
        setup.publish(subject).await;
    }
    assert_eq!(setup.stored().await, [2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_replaces_another_of_its_subject_fits_into_a_full_stream() {
    let config = stream().with_discard(Discard::New).with_max_messages(2).with_max_messages_per_subject(1);
    let setup = Setup::new(config).await;
    setup.publish("s.a").await;
    setup.publish("s.b").await;
    assert_eq!(setup.publish("s.a").await.sequence, Some(3));
    assert!(setup.broker.publisher().publish("s.c", "payload").await.is_err());
    assert_eq!(setup.stored().await, [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_message_leaves_when_it_is_too_old_even_in_flight() {
    let setup = Setup::new(stream().with_max_age(10 * SECOND)).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    tokio::time::advance(5 * SECOND).await;
    setup.fill(1).await;
    let held = take(&consumer, 10).await;
    tokio::time::advance(5 * SECOND).await;
    assert_eq!(setup.stored().await, [2]);
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 1);
    assert_eq!(sequences(&take(&consumer, 10).await), [2]);
    // A settlement of what is gone is answered and has no effect.
    ack_all(held).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_streams_size_is_refused_before_its_id_is_looked_at() {
    let setup = Setup::new(stream().with_max_message_size(60)).await;
    setup.publish_id("s.a", "one").await.unwrap();
    let large = OutboundMessage::new("s.a", vec![0; 80]).unwrap().with_id("one").unwrap();
    let error = setup.broker.publisher().publish_message(large).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::PayloadTooLarge, Some(10054)));
    assert_eq!(error.context("stream"), Some("S"));
}

#[tokio::test(start_paused = true)]
async fn a_smaller_limit_applies_at_once() {
    let setup = Setup::new(stream()).await;
    for subject in ["s.a", "s.b", "s.a", "s.b", "s.a"] {
        setup.publish(subject).await;
    }
    setup.admin().update_stream(stream().with_max_messages_per_subject(1)).await.unwrap();
    assert_eq!(setup.stored().await, [4, 5]);
    setup.admin().update_stream(stream().with_max_messages(1)).await.unwrap();
    assert_eq!(setup.stored().await, [5]);
}

#[tokio::test(start_paused = true)]
async fn what_a_limit_removed_does_not_count_as_unsettled() {
    let setup = Setup::new(stream().with_max_messages_per_subject(1)).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(2)).await;
    setup.publish("s.a").await;
    setup.publish("s.b").await;
    let held = take(&consumer, 10).await;
    setup.publish("s.b").await;
    assert_eq!(sequences(&take(&consumer, 10).await), [3]);
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 2);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_so_many_consumers_at_most() {
    let setup = Setup::new(stream().with_max_consumers(1)).await;
    setup.consumer(durable("one")).await;
    let error = setup.admin().create_consumer(&setup.stream, ConsumerConfig::ephemeral()).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10026)));
    // The same one again is no further one.
    setup.consumer(durable("one")).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_discards_the_new_keeps_the_old_under_a_lowered_limit() {
    let keyed = || stream().with_discard(Discard::New).with_max_messages_per_subject(1);
    for lowered in [keyed().with_max_messages(2), keyed().with_max_bytes(2 * COST)] {
        let setup = Setup::new(keyed()).await;
        for subject in ["s.a", "s.b", "s.c", "s.d"] {
            setup.publish(subject).await;
        }
        setup.admin().update_stream(lowered).await.unwrap();
        assert_eq!(setup.stored().await, [1, 2, 3, 4]);
        // It takes the place of another one of its subject.
        setup.publish("s.d").await;
        assert_eq!(setup.stored().await, [1, 2, 3, 5]);
    }
}
