//! Streams and consumers: created, changed, listed, deleted, with JetStream's codes.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{
    AckPolicy, ConsumerConfig, DeliverPolicy, Error, ErrorKind, Limit, MessageSelector, OutboundMessage,
    PublishOptions, PublisherExt as _, Purge, Retention, Storage, StreamAdmin, StreamConfig, StreamName,
};

use crate::support::Bench;

fn ride() -> StreamName {
    StreamName::new("RIDE").unwrap()
}

fn ride_config() -> StreamConfig {
    StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_storage(Storage::Memory)
}

async fn bench() -> (Bench, Arc<dyn StreamAdmin>) {
    let bench = Bench::start().await;
    let admin = bench.client.admin().unwrap();
    (bench, admin)
}

fn refusal(error: &Error) -> (ErrorKind, Option<u16>) {
    (error.kind(), error.broker_code())
}

#[tokio::test]
async fn creating_the_same_stream_twice_is_success_and_another_is_told_with_the_difference() {
    let (_bench, admin) = bench().await;
    let config = ride_config().with_max_messages(7).with_duplicate_window(Duration::from_secs(5));
    let created = admin.create_stream(config.clone()).await.unwrap();
    assert_eq!(config.differences(&created.config), []);
    admin.create_stream(config.clone()).await.unwrap();
    let error = admin.create_stream(config.with_max_messages(8)).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::AlreadyExists, Some(10058)));
    assert!(error.message().contains("max_messages: 7 -> 8"), "{error}");
}

#[tokio::test]
async fn a_stream_over_anothers_subjects_is_a_conflict() {
    let (_bench, admin) = bench().await;
    admin.create_stream(ride_config()).await.unwrap();
    let error = admin.create_stream(StreamConfig::new("OTHER", ["ride.pickup"]).unwrap()).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::Conflict, Some(10065)));
    assert_eq!(error.context("stream"), Some("OTHER"));
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_everywhere() {
    let (_bench, admin) = bench().await;
    let durable = || ConsumerConfig::durable("users").unwrap();
    let users = "users".try_into().unwrap();
    let selector = MessageSelector::Sequence(1);
    for error in [
        admin.stream_info(&ride()).await.unwrap_err(),
        admin.delete_stream(&ride()).await.unwrap_err(),
        admin.update_stream(ride_config()).await.unwrap_err(),
        admin.create_consumer(&ride(), durable()).await.unwrap_err(),
        admin.create_consumer(&ride(), ConsumerConfig::ephemeral()).await.unwrap_err(),
        admin.update_consumer(&ride(), durable()).await.unwrap_err(),
        admin.consumer_info(&ride(), &users).await.unwrap_err(),
        admin.delete_consumer(&ride(), &users).await.unwrap_err(),
        admin.list_consumers(&ride()).await.unwrap_err(),
        admin.purge_stream(&ride(), Purge::all()).await.unwrap_err(),
        admin.get_message(&ride(), selector.clone()).await.unwrap_err(),
        admin.delete_message(&ride(), 1).await.unwrap_err(),
    ] {
        assert_eq!(refusal(&error), (ErrorKind::NotFound, Some(10059)), "{error}");
        assert_eq!(error.context("stream"), Some("RIDE"));
        assert!(error.remedy().is_some());
    }
    admin.create_stream(ride_config()).await.unwrap();
    for (error, code) in [
        (admin.consumer_info(&ride(), &users).await.unwrap_err(), 10014),
        (admin.delete_consumer(&ride(), &users).await.unwrap_err(), 10014),
        (admin.update_consumer(&ride(), durable()).await.unwrap_err(), 10149),
        (admin.get_message(&ride(), selector).await.unwrap_err(), 10037),
        (admin.get_message(&ride(), MessageSelector::Sequence(0)).await.unwrap_err(), 10037),
        (admin.delete_message(&ride(), 1).await.unwrap_err(), 10043),
        (admin.delete_message(&ride(), 0).await.unwrap_err(), 10043),
    ] {
        assert_eq!(refusal(&error), (ErrorKind::NotFound, Some(code)), "{error}");
    }
}

#[tokio::test]
async fn an_update_changes_a_stream_and_refuses_what_cannot_change() {
    let (_bench, admin) = bench().await;
    admin.create_stream(ride_config()).await.unwrap();
    let changed = admin.update_stream(ride_config().with_max_messages(3)).await.unwrap();
    assert_eq!(changed.config.max_messages, Limit::At(3));
    let error = admin.update_stream(ride_config().with_retention(Retention::WorkQueue)).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::Config, Some(10052)));
}

#[tokio::test]
async fn every_consumer_configuration_is_taken_as_it_is_asked() {
    let (_bench, admin) = bench().await;
    admin.create_stream(ride_config()).await.unwrap();
    let start = std::time::SystemTime::UNIX_EPOCH + Duration::new(1_767_225_600, 500_000_000);
    let plain = |name: &str| ConsumerConfig::durable(name).unwrap();
    for config in [
        plain("all"),
        plain("new").with_deliver(DeliverPolicy::New),
        plain("last").with_deliver(DeliverPolicy::Last),
        plain("last_each").with_deliver(DeliverPolicy::LastPerSubject),
        plain("from_sequence").with_deliver(DeliverPolicy::FromSequence(5)),
        plain("from_time").with_deliver(DeliverPolicy::FromTime(start)),
        plain("one_filter").with_filter("ride.a").unwrap(),
        plain("two_filters").with_filters(["ride.a", "ride.b"]).unwrap(),
        plain("ack_none").with_ack(AckPolicy::None),
        plain("ack_all").with_ack(AckPolicy::All),
        plain("no_limits").with_max_deliver(Limit::Unlimited).with_max_ack_pending(Limit::Unlimited),
        plain("forgotten").with_inactive_threshold(Duration::from_secs(60)),
        plain("described").with_description("for tests").with_ack_wait(Duration::from_millis(1500)),
        ConsumerConfig::ephemeral(),
        ConsumerConfig::ephemeral().with_name("named").unwrap(),
    ] {
        let created = admin.create_consumer(&ride(), config.clone()).await.unwrap();
        assert_eq!(config.differences(&created.config), [], "{config:?}");
        let read = admin.consumer_info(&ride(), &created.name).await.unwrap();
        assert_eq!(config.differences(&read.config), [], "{config:?}");
        assert_eq!((read.stream, read.name), (ride(), created.name));
    }
    assert_eq!(admin.list_consumers(&ride()).await.unwrap().len(), 15);
}

#[tokio::test]
async fn a_consumer_is_created_strictly() {
    let (_bench, admin) = bench().await;
    admin.create_stream(ride_config()).await.unwrap();
    let config = ConsumerConfig::durable("users").unwrap();
    admin.create_consumer(&ride(), config.clone()).await.unwrap();
    admin.create_consumer(&ride(), config.clone()).await.unwrap();
    let error = admin.create_consumer(&ride(), config.clone().with_max_deliver(9)).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::AlreadyExists, Some(10148)));
    assert!(error.message().contains("max_deliver: 3 -> 9"), "{error}");
    let changed = admin.update_consumer(&ride(), config.clone().with_max_deliver(9)).await.unwrap();
    assert_eq!(changed.config.max_deliver, Limit::At(9));
    let error = admin.update_consumer(&ride(), config.with_ack(AckPolicy::None)).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::Config, Some(10012)));
}

#[tokio::test]
async fn overlapping_consumers_of_a_work_queue_are_a_conflict() {
    let (_bench, admin) = bench().await;
    admin.create_stream(ride_config().with_retention(Retention::WorkQueue)).await.unwrap();
    admin.create_consumer(&ride(), ConsumerConfig::durable("one").unwrap()).await.unwrap();
    let error = admin.create_consumer(&ride(), ConsumerConfig::durable("two").unwrap()).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::Conflict, Some(10099)));
    let filtered = ConsumerConfig::durable("three").unwrap().with_filter("ride.a").unwrap();
    let error = admin.create_consumer(&ride(), filtered).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

#[tokio::test]
async fn lists_are_complete_beyond_one_page() {
    let (_bench, admin) = bench().await;
    admin.create_stream(ride_config()).await.unwrap();
    let names: Vec<_> = (0..300).map(|n| format!("c{n:03}")).collect();
    for name in &names {
        admin.create_consumer(&ride(), ConsumerConfig::durable(name).unwrap()).await.unwrap();
    }
    let listed = admin.list_consumers(&ride()).await.unwrap();
    assert_eq!(listed.iter().map(|info| info.name.to_string()).collect::<Vec<_>>(), names);
    assert_eq!(admin.list_streams().await.unwrap().len(), 1);
}

#[tokio::test]
async fn stored_messages_are_read_and_deleted() {
    let (bench, admin) = bench().await;
    admin.create_stream(ride_config()).await.unwrap();
    let message = OutboundMessage::new("ride.a", vec![0xff, 0, 1]).unwrap().with_id("id-1").unwrap();
    let message = message.with_header("tag", "x").unwrap().with_header("tag", "y").unwrap();
    bench.client.publisher().publish_message(message).await.unwrap();
    let once = PublishOptions::default().with_retry(false);
    let empty = OutboundMessage::new("ride.b", "").unwrap();
    bench.client.publisher().publish_with(empty, once).await.unwrap().await.unwrap();

    let first = admin.get_message(&ride(), MessageSelector::Sequence(1)).await.unwrap();
    assert_eq!((&*first.subject, first.sequence, &first.payload[..]), ("ride.a", 1, &[0xff, 0, 1][..]));
    assert_eq!(first.headers.get_all("tag").collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(first.headers.get("Nats-Msg-Id"), Some("id-1"));
    let last =
        admin.get_message(&ride(), MessageSelector::LastOf("ride.b".try_into().unwrap())).await.unwrap();
    assert_eq!((last.sequence, last.payload.len(), last.headers.is_empty()), (2, 0, true));

    admin.delete_message(&ride(), 1).await.unwrap();
    let error = admin.get_message(&ride(), MessageSelector::Sequence(1)).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::NotFound, Some(10037)));
    let info = admin.stream_info(&ride()).await.unwrap();
    assert_eq!((info.messages, info.first_sequence, info.last_sequence), (1, 2, 2));
}

#[tokio::test]
async fn a_purge_removes_what_it_says() {
    let (bench, admin) = bench().await;
    admin.create_stream(ride_config()).await.unwrap();
    for subject in ["ride.a", "ride.b", "ride.a", "ride.b", "ride.a"] {
        bench.client.publish(subject, "x").await.unwrap();
    }
    let only_b = Purge::all().with_filter("ride.b").unwrap();
    assert_eq!(admin.purge_stream(&ride(), Purge::up_to(0)).await.unwrap(), 0);
    assert_eq!(admin.purge_stream(&ride(), only_b).await.unwrap(), 2);
    assert_eq!(admin.purge_stream(&ride(), Purge::up_to(3)).await.unwrap(), 1);
    assert_eq!(admin.purge_stream(&ride(), Purge::keep(1)).await.unwrap(), 1);
    assert_eq!(admin.purge_stream(&ride(), Purge::keep(0)).await.unwrap(), 1);
    assert_eq!(admin.stream_info(&ride()).await.unwrap().messages, 0);
}

#[tokio::test]
async fn an_illegal_configuration_is_refused_before_the_server_hears_of_it() {
    let (_bench, admin) = bench().await;
    let error = admin.create_stream(ride_config().with_replicas(9)).await.unwrap_err();
    assert_eq!((error.kind(), error.context("field")), (ErrorKind::Config, Some("replicas")));
    let error = admin.create_stream(ride_config().with_replicas(3)).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::Config, Some(10074)));
    assert!(admin.list_streams().await.unwrap().is_empty());
}
