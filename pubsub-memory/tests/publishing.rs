//! What a publish takes, refuses and keeps.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::num::NonZeroUsize;

use common::{Setup, durable, stream, take};
use futures::StreamExt as _;
use pubsub_core::{
    Broker as _, ErrorKind, Headers, OutboundMessage, PublishOptions, PublisherExt as _, StreamConfig,
};
use pubsub_memory::{MemoryConfig, MemoryServer};

#[tokio::test(start_paused = true)]
async fn payload_and_headers_arrive_as_they_were() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let message = OutboundMessage::new("s.a", vec![0, 159, 146, 150])
        .unwrap()
        .with_header("tag", "one")
        .and_then(|message| message.with_header("tag", "two"))
        .unwrap();
    setup.broker.publisher().publish_message(message.clone()).await.unwrap();
    setup.broker.publisher().publish("s.b", "").await.unwrap();
    let batch = take(&consumer, 10).await;
    assert_eq!((batch[0].payload(), batch[0].headers()), (&message.payload, &message.headers));
    assert_eq!(batch[0].headers().get_all("tag").collect::<Vec<_>>(), ["one", "two"]);
    assert!(batch[1].payload().is_empty() && batch[1].headers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_of_the_largest_size_passes_and_one_byte_more_does_not() {
    let server = MemoryServer::new(MemoryConfig::default().with_max_payload(100)).unwrap();
    let setup = Setup::over(server.connect(), stream()).await;
    let publisher = setup.broker.publisher();
    assert_eq!(publisher.capabilities().max_payload(), Some(100));
    publisher.publish("s.a", vec![0; 100]).await.unwrap();
    let error = publisher.publish("s.a", vec![0; 101]).await.unwrap_err();
    assert_eq!((error.kind(), error.context("subject")), (ErrorKind::PayloadTooLarge, Some("s.a")));
    assert_eq!(setup.info().await.messages, 1);
}

#[tokio::test(start_paused = true)]
async fn reserved_headers_are_refused() {
    let setup = Setup::new(stream()).await;
    let mut headers = Headers::new();
    headers.append_received("Nats-TTL", "1s").unwrap();
    let message = OutboundMessage::new("s.a", "payload").unwrap().with_headers(headers);
    let refused =
        setup.broker.publisher().publish_with(message, PublishOptions::default()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(setup.info().await.last_sequence, 0);
}

#[tokio::test(start_paused = true)]
async fn batches_and_streams_keep_their_order_and_go_on_after_a_refusal() {
    let setup = Setup::new(stream()).await;
    let publisher = setup.broker.publisher();
    let messages =
        || ["s.a", "nowhere", "s.b"].map(|subject| OutboundMessage::new(subject, "payload").unwrap());
    let mut outcomes = Vec::new();
    for pending in publisher.publish_batch(messages().into(), PublishOptions::default()).await {
        outcomes.push(pending.unwrap().await.map(|receipt| receipt.sequence.unwrap()).ok());
    }
    assert_eq!(outcomes, [Some(1), None, Some(2)]);
    let window = NonZeroUsize::new(2).unwrap();
    let receipts =
        publisher.publish_all(futures::stream::iter(messages()), window, PublishOptions::default());
    let outcomes: Vec<_> =
        receipts.map(|receipt| receipt.ok().and_then(|receipt| receipt.sequence)).collect().await;
    assert_eq!(outcomes, [Some(3), None, Some(4)]);
}

#[test]
fn what_need_not_wait_runs_on_any_executor() {
    futures::executor::block_on(async {
        let setup = Setup::new(stream()).await;
        let consumer = setup.consumer(durable("c")).await;
        setup.fill(300).await;
        for delivery in take(&consumer, 300).await {
            delivery.ack_confirmed().await.unwrap();
        }
        assert_eq!(setup.consumer_info("c").await.unwrap().ack_floor.stream, 300);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_publishers_lose_nothing_and_share_no_sequence() {
    let setup = Setup::new(stream()).await;
    setup.broker.admin().unwrap().create_stream(StreamConfig::new("T", ["t.>"]).unwrap()).await.unwrap();
    let mut tasks = Vec::new();
    for task in 0..20 {
        let publisher = setup.broker.publisher();
        tasks.push(tokio::spawn(async move {
            let subject = if task % 2 == 0 { "s.a" } else { "t.a" };
            let mut sequences = Vec::new();
            for _ in 0..500 {
                sequences.push(publisher.publish(subject, "payload").await.unwrap().sequence.unwrap());
            }
            assert!(sequences.is_sorted());
            (task % 2, sequences)
        }));
    }
    let mut all = [Vec::new(), Vec::new()];
    for task in tasks {
        let (stream, sequences) = task.await.unwrap();
        all[stream].extend(sequences);
    }
    for mut sequences in all {
        sequences.sort_unstable();
        assert_eq!(sequences, (1..=5000).collect::<Vec<_>>());
    }
}
