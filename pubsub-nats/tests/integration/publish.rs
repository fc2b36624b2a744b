//! Publishing: receipts, refusals, bounds.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::join_all;
use pubsub_core::{
    Discard, ErrorKind, OutboundMessage, Provision, PublishOptions, PublisherExt as _, Retry, Storage,
    StreamConfig,
};
use pubsub_nats::{NatsConfig, async_nats};

use crate::support::{Bench, connect_with, listen, soon, sync};

#[tokio::test]
async fn a_receipt_names_stream_and_rising_sequence() {
    let bench = Bench::start().await;
    bench.stream().await;
    for expected in 1..=3 {
        let receipt = bench.client.publish("ride.n", "x").await.unwrap();
        assert_eq!((receipt.stream.as_str(), receipt.sequence), ("RIDE", Some(expected)));
        assert_eq!(receipt.duplicate, Some(false));
    }
}

#[tokio::test]
async fn a_repeated_id_is_a_duplicate_of_the_first() {
    let bench = Bench::start().await;
    bench.stream().await;
    let message = OutboundMessage::new("ride.n", "x").unwrap().with_id("one").unwrap();
    let publisher = bench.client.publisher();
    let first = publisher.publish_message(message.clone()).await.unwrap();
    let second = publisher.publish_message(message).await.unwrap();
    assert!(!first.is_duplicate() && second.is_duplicate());
    assert_eq!(first.sequence, second.sequence);
}

#[tokio::test]
async fn a_subject_that_no_stream_takes_is_not_found_at_once() {
    let bench = Bench::start().await;
    let started = Instant::now();
    let error = bench.client.publish("nobody.home", "x").await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(503)));
    assert_eq!(error.context("subject"), Some("nobody.home"));
    assert_eq!(error.retry(), Retry::Later);
    assert!(error.remedy().is_some() && !error.is_effect_unknown());
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_message_over_the_servers_limit_is_refused_and_the_connection_lives() {
    let bench = Bench::start().await;
    bench.stream().await;
    let limit = bench.client.capabilities().max_payload().unwrap();
    let error = bench.client.publish("ride.n", vec![0; limit + 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PayloadTooLarge);
    bench.client.publish("ride.n", vec![0; limit]).await.unwrap();
}

#[tokio::test]
async fn a_message_over_the_streams_limit_has_jetstreams_code() {
    let bench = Bench::start().await;
    let config = StreamConfig::new("SMALL", ["small"]).unwrap().with_max_message_size(10);
    bench.client.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    let error = bench.client.publish("small", vec![0; 100]).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::PayloadTooLarge, Some(10054)));
}

#[tokio::test]
async fn a_full_stream_that_refuses_is_a_conflict() {
    let bench = Bench::start().await;
    let config = StreamConfig::new("FULL", ["full"]).unwrap();
    let config = config.with_storage(Storage::Memory).with_max_messages(1).with_discard(Discard::New);
    bench.client.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    bench.client.publish("full", "1").await.unwrap();
    let error = bench.client.publish("full", "2").await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10077)));
}

#[tokio::test]
async fn a_window_of_one_still_publishes_all_in_order() {
    let bench = Bench::start().await;
    bench.stream().await;
    let config = NatsConfig::new(bench.server.url()).unwrap().with_max_in_flight(1, 1);
    let client = connect_with(config).await.unwrap();
    let publisher = client.publisher();
    let messages = (0..200).map(|n| OutboundMessage::new("ride.n", n.to_string()).unwrap());
    let receipts = publisher.publish_all(
        futures::stream::iter(messages),
        std::num::NonZeroUsize::new(50).unwrap(),
        PublishOptions::default(),
    );
    let sequences: Vec<_> = soon(receipts.map(|receipt| receipt.unwrap().sequence).collect()).await;
    assert_eq!(sequences, (1..=200).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_dropped_receipt_neither_cancels_nor_keeps_its_room() {
    let bench = Bench::start().await;
    bench.stream().await;
    let client = connect_with(NatsConfig::new(bench.server.url()).unwrap().with_max_in_flight(4, 1 << 20))
        .await
        .unwrap();
    let publisher = client.publisher();
    for n in 0..100 {
        let message = OutboundMessage::new("ride.n", n.to_string()).unwrap();
        drop(soon(publisher.publish_with(message, PublishOptions::default())).await.unwrap());
    }
    soon(publisher.flush()).await.unwrap();
    let admin = client.admin().unwrap();
    let info = admin.stream_info(&"RIDE".try_into().unwrap()).await.unwrap();
    assert_eq!(info.messages, 100);
}

#[tokio::test]
async fn flush_waits_for_every_receipt() {
    let bench = Bench::start().await;
    bench.stream().await;
    let publisher = bench.client.publisher();
    let mut pending = Vec::new();
    for _ in 0..1_000 {
        let message = OutboundMessage::new("ride.n", "x").unwrap();
        pending.push(publisher.publish_with(message, PublishOptions::default()).await.unwrap());
    }
    soon(publisher.flush()).await.unwrap();
    let outcomes = join_all(pending.into_iter().map(|receipt| async {
        futures::FutureExt::now_or_never(receipt).expect("a flushed publish has its outcome")
    }));
    assert!(outcomes.await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_lost_confirmation_is_a_timeout_of_unknown_effect() {
    let bench = Bench::start().await;
    // Somebody who is no stream takes the message and never answers.
    let foreign = bench.foreign().await;
    let silent = listen(&foreign, "silent").await;
    let options = PublishOptions::default().with_timeout(Duration::from_millis(200));
    let publisher = bench.client.publisher();
    let started = Instant::now();
    let message = OutboundMessage::new("silent", "x").unwrap();
    let error = publisher.publish_with(message, options).await.unwrap().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_effect_unknown());
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    drop(silent);
}

#[tokio::test]
async fn an_answer_that_is_not_jetstreams_is_no_receipt() {
    let bench = Bench::start().await;
    let foreign = bench.foreign().await;
    let mut requests = listen(&foreign, "service").await;
    let answering = tokio::spawn(async move {
        let request: async_nats::Message = requests.next().await.unwrap();
        foreign.publish(request.reply.unwrap(), "hello".into()).await.unwrap();
        foreign.flush().await.unwrap();
    });
    let error = soon(bench.client.publish("service", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert!(error.is_effect_unknown());
    answering.await.unwrap();
}

/// async-nats drops what a subscription has no room for, and all receipts come by one.
#[tokio::test]
async fn there_is_room_for_the_receipts_of_a_whole_window() {
    const WINDOW: usize = 40_000;
    const ANSWERS: usize = 2 * WINDOW;
    let bench = Bench::start().await;
    let config = NatsConfig::new(bench.server.url()).unwrap().with_max_in_flight(WINDOW, 1024 * 1024);
    let client = connect_with(config).await.unwrap();
    let native =
        pubsub_core::Broker::native(&client).unwrap().downcast_ref::<async_nats::Client>().unwrap().clone();
    let mut answers = listen(&native, "answers").await;
    let foreign = bench.foreign().await;
    for _ in 0..ANSWERS {
        foreign.publish("answers", "".into()).await.unwrap();
    }
    sync(&foreign).await;
    sync(&native).await;
    // They have all come, and are in the subscription unless they were dropped.
    assert_eq!(soon(answers.by_ref().take(ANSWERS).count()).await, ANSWERS);
}
