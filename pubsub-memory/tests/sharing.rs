//! What is shared instead of copied, and who does not wait for whom.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use bytes::Bytes;
use common::{SECOND, Setup, durable, stream};
use pubsub_core::{Broker, FetchOptions, Limit, OutboundMessage, PublishOptions, PublisherExt, StreamConfig};

#[tokio::test(start_paused = true)]
async fn a_fan_out_copies_no_payload() {
    let setup = Setup::new(stream()).await;
    let payload = Bytes::from(vec![7; 4_096]);
    setup.broker.publisher().publish("s.one", payload.clone()).await.unwrap();
    for name in ["a", "b", "c"] {
        let consumer = setup.consumer(durable(name)).await;
        let delivery = consumer.fetch(FetchOptions::up_to(1)).await.unwrap().pop().unwrap();
        assert_eq!(delivery.payload().as_ptr(), payload.as_ptr(), "{name}");
        delivery.nak().await.unwrap();
        let again = consumer.fetch(FetchOptions::up_to(1)).await.unwrap().pop().unwrap();
        assert_eq!(again.payload().as_ptr(), payload.as_ptr(), "{name}, again");
        again.ack().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stored_message_is_read_without_a_copy() {
    let setup = Setup::new(stream()).await;
    let payload = Bytes::from(vec![7; 4_096]);
    setup.broker.publisher().publish("s.one", payload.clone()).await.unwrap();
    let stored = setup.admin().get_message(&setup.stream, pubsub_core::MessageSelector::Sequence(1)).await;
    assert_eq!(stored.unwrap().payload.as_ptr(), payload.as_ptr());
}

/// Many publishers of many streams, each of which finds its own sequence without a gap: what one does is never seen by
/// another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn publishers_of_different_streams_go_on_side_by_side() {
    let setup = Setup::new(stream()).await;
    let mut running = Vec::new();
    for number in 0..8 {
        let config = StreamConfig::new(format!("T{number}"), [format!("t{number}.>")]).unwrap();
        setup.admin().create_stream(config.with_max_messages(Limit::Unlimited)).await.unwrap();
        let publisher = setup.broker.publisher();
        running.push(tokio::spawn(async move {
            for sequence in 1..=500 {
                let message = OutboundMessage::new(format!("t{number}.one"), "x").unwrap();
                let receipt =
                    publisher.publish_with(message, PublishOptions::default()).await.unwrap().await.unwrap();
                assert_eq!(receipt.sequence, Some(sequence));
            }
        }));
    }
    for task in running {
        tokio::time::timeout(60 * SECOND, task).await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_bounded_by_its_bytes_and_a_larger_message_comes_alone() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    for size in [400, 400, 400, 5_000, 10] {
        setup.broker.publisher().publish("s.one", vec![0; size]).await.unwrap();
    }
    let options = FetchOptions::up_to(10).with_max_bytes(1_000).with_expires(std::time::Duration::ZERO);
    let mut batches = Vec::new();
    for _ in 0..4 {
        batches.push(consumer.fetch(options.clone()).await.unwrap());
    }
    let sequences: Vec<_> = batches.iter().map(|batch| common::sequences(batch)).collect();
    assert_eq!(sequences, [vec![1, 2], vec![3], vec![4], vec![5]]);
    // What comes again is bounded alike.
    for delivery in batches.into_iter().flatten() {
        delivery.nak().await.unwrap();
    }
    for expected in [vec![1, 2], vec![3], vec![4], vec![5]] {
        assert_eq!(common::sequences(&consumer.fetch(options.clone()).await.unwrap()), expected);
    }
}
