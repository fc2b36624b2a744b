//! Streams and consumers with the rest of JetStream's fields, each on a server that has it and refused on one that has not.

use std::time::{Duration, SystemTime};

use pubsub_core::{
    AckPolicy, Capability, ConsumerConfig, ConsumerName, ErrorKind, FetchOptions, MessageSelector,
    OutboundMessage, Purge, ReplayPolicy, Republish, Retry, StreamConfig, StreamInfo, SubjectFilter,
    SubjectTransform,
};

use crate::support::{Bench, assert_unsupported, eventually, fetch, ride, soon, sync, texts};

fn users() -> ConsumerName {
    ConsumerName::new("users").unwrap()
}

fn plain() -> StreamConfig {
    StreamConfig::new("RIDE", ["ride.>"]).unwrap()
}

/// The server deletes files behind the caller's back: for a moment the name cannot be used again (10049).
async fn made_or_refused(bench: &Bench, config: &StreamConfig) -> pubsub_core::Result<StreamInfo> {
    soon(async {
        loop {
            let made = bench.admin().create_stream(config.clone()).await;
            if !made.as_ref().is_err_and(|error| error.retry() == Retry::Later) {
                return made;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

#[tokio::test]
async fn each_field_of_a_stream_comes_back_or_is_refused_before_anything_is_made() {
    let bench = Bench::start().await;
    let cases = [
        (plain().with_allow_message_ttl(), Capability::MessageTtl),
        (
            plain().with_allow_message_ttl().with_subject_delete_marker_ttl(Duration::from_secs(5)),
            Capability::DeleteMarkers,
        ),
        (plain().with_allow_rollup(), Capability::Rollup),
        (plain().with_allow_schedules(), Capability::Schedules),
        (plain().with_allow_atomic_batches(), Capability::AtomicBatch),
        (plain().with_allow_fast_batches(), Capability::FastBatch),
        (
            plain()
                .with_subject_transform(SubjectTransform::new("ride.*", "ride.x.{{wildcard(1)}}").unwrap()),
            Capability::SubjectTransform,
        ),
        (
            plain().with_republish(Republish::new("ride.>", "seen.>").unwrap().with_headers_only()),
            Capability::Republish,
        ),
        (plain().with_metadata("team", "rides"), Capability::Metadata),
        (
            plain()
                .with_discard(pubsub_core::Discard::New)
                .with_max_messages_per_subject(1)
                .with_discard_new_per_subject(),
            Capability::DiscardNewPerSubject,
        ),
    ];
    for (config, capability) in cases {
        let created = soon(made_or_refused(&bench, &config)).await;
        if config.check(bench.client.capabilities()).is_err() {
            let error = created.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{capability}: {error}");
            let missing = bench.admin().stream_info(&ride()).await.unwrap_err();
            assert_eq!(missing.kind(), ErrorKind::NotFound, "{capability}");
            continue;
        }
        assert_eq!(config.differences(&created.unwrap().config), [], "{capability}");
        // The same again is success, and reading it back gives the same.
        bench.admin().create_stream(config.clone()).await.unwrap();
        let read = bench.admin().stream_info(&ride()).await.unwrap();
        assert_eq!(config.differences(&read.config), [], "{capability}");
        bench.admin().delete_stream(&ride()).await.unwrap();
    }
}

#[tokio::test]
async fn an_update_switches_a_field_off_and_keeps_the_servers_notes() {
    let bench = Bench::start().await;
    bench
        .stream_with(|config| {
            let republish = Republish::new("ride.>", "seen.>").unwrap();
            config.with_allow_rollup().with_republish(republish).with_metadata("team", "rides")
        })
        .await;
    let before = bench.admin().stream_info(&ride()).await.unwrap();
    let updated = bench.admin().update_stream(plain().with_storage(before.config.storage)).await.unwrap();
    assert!(!updated.config.allow_rollup && updated.config.republish.is_none());
    assert!(!updated.config.metadata.contains_key("team"));
    for key in before.config.metadata.keys().filter(|key| key.starts_with("_nats.")) {
        assert!(updated.config.metadata.contains_key(key), "{key}");
    }
}

#[tokio::test]
async fn each_field_of_a_consumer_comes_back() {
    let bench = Bench::start().await;
    bench.stream().await;
    let seconds = [1, 2, 3].map(Duration::from_secs);
    for config in [
        ConsumerConfig::durable("backoff").unwrap().with_backoff(seconds).with_max_deliver(3),
        ConsumerConfig::durable("replay").unwrap().with_replay(ReplayPolicy::Original),
        ConsumerConfig::durable("headers").unwrap().with_headers_only(),
        ConsumerConfig::durable("notes").unwrap().with_metadata("team", "rides"),
        ConsumerConfig::durable("mute").unwrap().with_ack(AckPolicy::None).with_metadata("a", "b"),
    ] {
        let created = bench.admin().create_consumer(&ride(), config.clone()).await.unwrap();
        assert_eq!(config.differences(&created.config), []);
        bench.admin().create_consumer(&ride(), config.clone()).await.unwrap();
        let wanted = config.with_description("changed");
        let updated = bench.admin().update_consumer(&ride(), wanted.clone()).await.unwrap();
        assert_eq!(wanted.differences(&updated.config), []);
    }
}

#[tokio::test]
async fn headers_only_leaves_the_payload_out_and_tells_its_size() {
    let bench = Bench::start().await;
    bench.stream().await;
    let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap().with_headers_only()).await;
    bench.client.publish("ride.n", "12345").await.unwrap();
    let got = fetch(&consumer, 1).await;
    assert!(got[0].payload().is_empty());
    assert_eq!(got[0].headers().get("Nats-Msg-Size"), Some("5"));
}

#[tokio::test]
async fn a_pause_holds_deliveries_back_until_it_is_ended() {
    let (bench, consumer) = Bench::with_consumer().await;
    let until = SystemTime::now() + Duration::from_secs(3600);
    let admin = bench.admin();
    let paused = soon(admin.pause_consumer(&ride(), &users(), until)).await;
    if !bench.has(Capability::Pause) {
        assert_unsupported(paused, Capability::Pause);
        assert_unsupported(admin.resume_consumer(&ride(), &users()).await, Capability::Pause);
        return;
    }
    paused.unwrap();
    let told = admin.consumer_info(&ride(), &users()).await.unwrap().paused_until.unwrap();
    assert_eq!(told, until);
    bench.publish(0..1).await;
    let options = FetchOptions::up_to(1).with_expires(Duration::from_millis(200));
    assert_eq!(consumer.fetch(options).await.unwrap().len(), 0);
    admin.resume_consumer(&ride(), &users()).await.unwrap();
    assert_eq!(texts(&fetch(&consumer, 1).await), ["0"]);
    assert_eq!(admin.consumer_info(&ride(), &users()).await.unwrap().paused_until, None);
}

#[tokio::test]
async fn a_pause_of_the_past_is_none_and_a_missing_consumer_is_not_found() {
    let (bench, _consumer) = Bench::with_consumer().await;
    if !bench.has(Capability::Pause) {
        return;
    }
    let admin = bench.admin();
    admin.pause_consumer(&ride(), &users(), SystemTime::now() - Duration::from_secs(9)).await.unwrap();
    assert_eq!(admin.consumer_info(&ride(), &users()).await.unwrap().paused_until, None);
    let nobody = ConsumerName::new("nobody").unwrap();
    let error = admin.pause_consumer(&ride(), &nobody, SystemTime::now()).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10014)));
}

#[tokio::test]
async fn an_update_keeps_a_pause() {
    let (bench, _consumer) = Bench::with_consumer().await;
    if !bench.has(Capability::Pause) {
        return;
    }
    let until = SystemTime::now() + Duration::from_secs(3600);
    bench.admin().pause_consumer(&ride(), &users(), until).await.unwrap();
    let config = ConsumerConfig::durable("users").unwrap().with_description("changed");
    bench.admin().update_consumer(&ride(), config).await.unwrap();
    let info = bench.admin().consumer_info(&ride(), &users()).await.unwrap();
    assert_eq!(info.paused_until, Some(until));
}

#[tokio::test]
async fn a_reset_begins_again_where_it_is_told() {
    let (bench, consumer) = Bench::with_consumer().await;
    bench.publish(0..4).await;
    let first = fetch(&consumer, 4).await;
    assert_eq!(first.len(), 4);
    let reset = soon(bench.admin().reset_consumer(&ride(), &users(), Some(3))).await;
    if !bench.has(Capability::Reset) {
        assert_unsupported(reset, Capability::Reset);
        first.into_iter().for_each(|delivery| drop(delivery.into_message()));
        return;
    }
    assert_eq!(reset.unwrap().pending, 2);
    let again = fetch(&consumer, 4).await;
    assert_eq!(texts(&again), ["2", "3"]);
    assert_eq!(again[0].info().attempt, 1);
    for delivery in first.into_iter().chain(again) {
        drop(delivery.into_message());
    }
    bench.admin().reset_consumer(&ride(), &users(), None).await.unwrap();
    let zero = bench.admin().reset_consumer(&ride(), &users(), Some(0)).await.unwrap_err();
    assert_eq!((zero.kind(), zero.broker_code()), (ErrorKind::InvalidInput, Some(10204)));
}

#[tokio::test]
async fn subjects_are_counted_over_all_pages() {
    let bench = Bench::start().await;
    bench.stream().await;
    for subject in ["ride.a", "ride.b", "ride.a", "ride.x.1"] {
        bench.client.publish(subject, "").await.unwrap();
    }
    let subjects = |filter: &str| {
        let (admin, filter) = (bench.admin(), SubjectFilter::new(filter).unwrap());
        async move { admin.stream_subjects(&ride(), filter).await }
    };
    let told = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
        pairs.iter().map(|(subject, count)| ((*subject).to_owned(), *count)).collect()
    };
    assert_eq!(subjects("ride.*").await.unwrap(), told(&[("ride.a", 2), ("ride.b", 1)]));
    assert_eq!(subjects("ride.x.>").await.unwrap(), told(&[("ride.x.1", 1)]));
    assert!(subjects("other").await.unwrap().is_empty());
    bench.admin().delete_stream(&ride()).await.unwrap();
    let error = subjects(">").await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10059)));
}

/// A server gives 100,000 subjects at a time.
#[tokio::test]
async fn more_subjects_than_one_answer_holds_are_all_told() {
    const SUBJECTS: u64 = 100_050;
    let bench = Bench::start().await;
    bench.stream_with(|config| config).await;
    let foreign = bench.foreign().await;
    for number in 0..SUBJECTS {
        foreign.publish(format!("ride.{number}"), "".into()).await.unwrap();
        if number % 5_000 == 0 {
            // A server drops what waits beyond 10,000 messages.
            sync(&foreign).await;
        }
    }
    sync(&foreign).await;
    eventually("all are stored", || async {
        bench.admin().stream_info(&ride()).await.unwrap().messages == SUBJECTS
    })
    .await;
    let all = SubjectFilter::new("ride.>").unwrap();
    let subjects = soon(bench.admin().stream_subjects(&ride(), all)).await.unwrap();
    assert_eq!(subjects.len() as u64, SUBJECTS);
    assert!(subjects.is_sorted() && subjects.iter().all(|(_, count)| *count == 1));
}

#[tokio::test]
async fn gaps_are_told_in_order() {
    let bench = Bench::start().await;
    bench.stream().await;
    bench.publish(0..6).await;
    assert!(bench.admin().deleted_sequences(&ride()).await.unwrap().is_empty());
    for sequence in [4, 2] {
        bench.admin().delete_message(&ride(), sequence).await.unwrap();
    }
    assert_eq!(bench.admin().deleted_sequences(&ride()).await.unwrap(), [2, 4]);
    bench.admin().purge_stream(&ride(), Purge::up_to(4)).await.unwrap();
    assert!(bench.admin().deleted_sequences(&ride()).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_next_message_is_the_oldest_that_matches() {
    let bench = Bench::start().await;
    bench.stream().await;
    for subject in ["ride.a", "ride.b", "ride.a"] {
        bench.client.publish(subject, subject).await.unwrap();
    }
    let next = |from: u64, filter: &str| {
        let (admin, filter) = (bench.admin(), SubjectFilter::new(filter).unwrap());
        async move { admin.get_message(&ride(), MessageSelector::Next { from, filter }).await }
    };
    assert_eq!(next(0, "ride.a").await.unwrap().sequence, 1);
    assert_eq!(next(2, "ride.a").await.unwrap().sequence, 3);
    assert_eq!(next(2, "ride.*").await.unwrap().sequence, 2);
    let none = next(4, ">").await.unwrap_err();
    assert_eq!((none.kind(), none.broker_code()), (ErrorKind::NotFound, Some(10037)));
}

#[tokio::test]
async fn the_account_tells_what_it_uses() {
    let bench = Bench::start().await;
    bench.stream().await;
    bench.publish(0..1).await;
    let account = bench.admin().account_info().await.unwrap();
    assert_eq!((account.streams.used, account.consumers.used), (1, 0));
    assert!(account.memory.used > 0);
    assert!(account.streams.limit.is_unlimited());
}

#[tokio::test]
async fn a_message_on_a_transformed_subject_is_stored_under_the_new_one() {
    let bench = Bench::start().await;
    let transform = SubjectTransform::new("ride.old.*", "ride.new.{{wildcard(1)}}").unwrap();
    bench.stream_with(|config| config.with_subject_transform(transform)).await;
    let message = OutboundMessage::new("ride.old.7", "x").unwrap();
    bench.client.publish(message.subject, "x").await.unwrap();
    let stored = bench.admin().get_message(&ride(), MessageSelector::Sequence(1)).await.unwrap();
    assert_eq!(stored.subject, "ride.new.7");
}
