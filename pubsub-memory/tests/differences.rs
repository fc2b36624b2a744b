//! What the memory backend did unlike a server, until random sequences of operations on both showed it. The rules were
//! measured on nats-server 2.15.1, and on 2.12.8 where a version is named.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, durable, sequences, stream, take};
use pubsub_core::{
    Broker, DeliverPolicy, Expectations, FetchOptions, Limit, OutboundMessage, PriorityGroup, PublisherExt,
    PullPriority, Purge, Republish, Retention, Rollup, Schedule, SequencePair, Storage, StreamConfig,
};
use pubsub_memory::{MemoryConfig, MemoryServer, ServerVersion};

async fn unsettled(setup: &Setup, consumer: &str) -> u64 {
    setup.consumer_info(consumer).await.unwrap().ack_pending
}

async fn roll_up(setup: &Setup, subject: &str) {
    let message = OutboundMessage::new(subject, "new").unwrap().with_rollup(Rollup::Subject);
    setup.broker.publisher().publish_message(message).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_rollup_of_several_leaves_them_unsettled_where_the_floor_is_beyond_the_first_message() {
    let setup = Setup::new(stream().with_allow_rollup()).await;
    for subject in ["s.a", "s.b", "s.b", "s.a"] {
        setup.publish(subject).await;
    }
    let config = durable("ahead").with_deliver(DeliverPolicy::FromSequence(3));
    let ahead = setup.consumer(config).await;
    assert_eq!(sequences(&take(&ahead, 5).await), [3, 4]);

    roll_up(&setup, "s.b").await;
    assert_eq!(unsettled(&setup, "ahead").await, 2, "2 and 3 are gone, 3 still counts");
    tokio::time::advance(31 * SECOND).await;
    assert_eq!(sequences(&take(&ahead, 5).await), [4, 5]);
    assert_eq!(unsettled(&setup, "ahead").await, 2, "looking for it has ended it");
}

#[tokio::test(start_paused = true)]
async fn a_purge_of_one_message_settles_it_everywhere() {
    let setup = Setup::new(stream().with_allow_rollup()).await;
    for subject in ["s.a", "s.a", "s.b"] {
        setup.publish(subject).await;
    }
    let ahead = setup.consumer(durable("ahead").with_deliver(DeliverPolicy::FromSequence(3))).await;
    assert_eq!(sequences(&take(&ahead, 5).await), [3]);
    roll_up(&setup, "s.b").await;
    assert_eq!(unsettled(&setup, "ahead").await, 0);
}

#[tokio::test(start_paused = true)]
async fn with_files_a_purge_by_wildcard_settles_its_one_message_only_where_all_of_it_is_seen() {
    for (storage, left) in [(Storage::Memory, 0), (Storage::File, 1)] {
        let setup = Setup::new(stream().with_storage(storage)).await;
        for subject in ["s.x.1", "s.a", "s.b"] {
            setup.publish(subject).await;
        }
        let from = DeliverPolicy::FromSequence(2);
        let narrow = durable("narrow").with_filters(["s.a", "s.x.2"]).unwrap().with_deliver(from);
        let narrow = setup.consumer(narrow).await;
        let wide = setup.consumer(durable("wide").with_deliver(from)).await;
        assert_eq!(sequences(&take(&narrow, 1).await), [2]);
        assert_eq!(sequences(&take(&wide, 1).await), [2]);

        let purge = Purge::keep(1).with_filter("s.*").unwrap();
        assert_eq!(setup.admin().purge_stream(&setup.stream, purge).await.unwrap(), 1);
        assert_eq!(unsettled(&setup, "wide").await, 0, "{storage}");
        assert_eq!(unsettled(&setup, "narrow").await, left, "{storage}");
    }
}

#[tokio::test(start_paused = true)]
async fn until_2_15_one_filter_within_a_purge_moves_a_consumer_past_the_others() {
    for (version, position) in [((2, 14), 3), ((2, 15), 1)] {
        let version = ServerVersion::new(version.0, version.1).unwrap();
        let server = MemoryServer::new(MemoryConfig::default().with_server_version(version)).unwrap();
        let setup = Setup::over(server.connect(), stream()).await;
        setup.consumer(durable("two").with_filters(["s.a", "s.b"]).unwrap()).await;
        for subject in ["s.a", "s.b", "s.a"] {
            setup.publish(subject).await;
        }
        let purge = Purge::all().with_filter("s.a").unwrap();
        setup.admin().purge_stream(&setup.stream, purge).await.unwrap();
        let info = setup.consumer_info("two").await.unwrap();
        assert_eq!(info.delivered, SequencePair::new(0, position), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_what_the_filters_no_longer_match_a_consumer_is_not_told() {
    let setup = Setup::new(stream().with_max_messages(Limit::At(2))).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.publish("s.a").await;
    setup.publish("s.b").await;
    let _held = take(&consumer, 2).await;
    let narrower = durable("c").with_filters(["s.b"]).unwrap();
    setup.admin().update_consumer(&setup.stream, narrower).await.unwrap();
    setup.publish("s.b").await;
    assert_eq!(unsettled(&setup, "c").await, 2);
    setup.publish("s.b").await;
    assert_eq!(unsettled(&setup, "c").await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_consumer_frees_what_nobody_needs_from_its_floor_on() {
    let setup = Setup::new(stream().with_retention(Retention::Interest)).await;
    let short = durable("short").with_max_deliver(Limit::At(1));
    let short = setup.consumer(short).await;
    setup.consumer(durable("other").with_filters(["s.z"]).unwrap()).await;
    for _ in 0..3 {
        setup.publish("s.a").await;
    }
    // The first one had its last attempt: it stays, and the floor passes it.
    let mut first = take(&short, 1).await;
    first.remove(0).nak().await.unwrap();
    let mut second = take(&short, 1).await;
    second.remove(0).ack_confirmed().await.unwrap();
    setup.admin().delete_consumer(&setup.stream, &"short".parse().unwrap()).await.unwrap();
    let info = setup.info().await;
    assert_eq!((info.messages, info.first_sequence), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_reset_counts_with_what_has_left_the_stream() {
    let setup = Setup::new(stream().with_max_messages(Limit::At(2))).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.publish("s.a").await;
    setup.publish("s.a").await;
    let _held = take(&consumer, 2).await;
    setup.publish("s.a").await;
    let info = setup.admin().reset_consumer(&setup.stream, &"c".parse().unwrap(), None).await.unwrap();
    assert_eq!(info.delivered, SequencePair::new(0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_reset_beyond_the_end_frees_nothing() {
    let setup = Setup::new(stream().with_retention(Retention::Interest)).await;
    setup.consumer(durable("c")).await;
    setup.publish("s.a").await;
    setup.admin().reset_consumer(&setup.stream, &"c".parse().unwrap(), Some(11)).await.unwrap();
    assert_eq!(setup.info().await.messages, 1);
    setup.admin().reset_consumer(&setup.stream, &"c".parse().unwrap(), Some(2)).await.unwrap();
    assert_eq!(setup.info().await.messages, 0);
}

async fn as_of(minor: u16, config: StreamConfig) -> Setup {
    let version = ServerVersion::new(2, minor).unwrap();
    let server = MemoryServer::new(MemoryConfig::default().with_server_version(version)).unwrap();
    Setup::over(server.connect(), config).await
}

#[tokio::test(start_paused = true)]
async fn until_2_14_a_purge_up_to_the_first_takes_all() {
    for (minor, purged) in [(12, [2, 0, 3]), (14, [0, 0, 0])] {
        let cases = [(Storage::Memory, Some("s.a")), (Storage::Memory, None), (Storage::File, None)];
        for ((storage, filter), purged) in cases.into_iter().zip(purged) {
            let setup = as_of(minor, stream().with_storage(storage)).await;
            for subject in ["s.a", "s.b", "s.a"] {
                setup.publish(subject).await;
            }
            let mut purge = Purge::up_to(1);
            if let Some(filter) = filter {
                purge = purge.with_filter(filter).unwrap();
            }
            let done = setup.admin().purge_stream(&setup.stream, purge).await.unwrap();
            assert_eq!(done, purged, "2.{minor} {storage} {filter:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn until_2_14_a_lower_limit_per_subject_waits_for_the_next_message() {
    for (minor, left) in [(12, 3), (14, 1)] {
        let setup = as_of(minor, stream()).await;
        for _ in 0..3 {
            setup.publish("s.a").await;
        }
        let lower = stream().with_max_messages_per_subject(Limit::At(1));
        setup.admin().update_stream(lower).await.unwrap();
        assert_eq!(setup.info().await.messages, left, "2.{minor}");
        setup.publish("s.a").await;
        assert_eq!(setup.info().await.messages, 1, "2.{minor}");
    }
}

#[tokio::test(start_paused = true)]
async fn until_2_14_an_exhausted_message_counts_as_redelivered_after_it_has_left() {
    for (minor, redelivered) in [(12, 1), (14, 0)] {
        let setup = as_of(minor, stream().with_max_messages(Limit::At(1))).await;
        let consumer = setup.consumer(durable("c").with_max_deliver(Limit::At(2))).await;
        setup.publish("s.a").await;
        for _ in 0..2 {
            take(&consumer, 1).await.remove(0).nak().await.unwrap();
        }
        assert!(take(&consumer, 1).await.is_empty());
        assert_eq!(setup.consumer_info("c").await.unwrap().redelivered, 1);
        setup.publish("s.a").await;
        assert_eq!(setup.consumer_info("c").await.unwrap().redelivered, redelivered, "2.{minor}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_of_all_subjects_is_the_end_of_the_stream_even_if_that_is_gone() {
    let setup = Setup::new(stream()).await;
    for subject in ["s.a", "s.b", "s.b"] {
        setup.publish(subject).await;
    }
    setup.admin().delete_message(&setup.stream, 3).await.unwrap();
    for (filter, last) in [(">", 0), ("s.>", 2)] {
        let expected = Expectations::none().with_last_subject_sequence(last + 1);
        let expected = expected.with_last_subject_filter(filter).unwrap();
        let wrong = OutboundMessage::new("s.c", "x").unwrap().with_expectations(expected);
        assert!(setup.broker.publisher().publish_message(wrong).await.is_err(), "{filter}");
    }
    let expected = Expectations::none().with_last_subject_sequence(0).with_last_subject_filter(">").unwrap();
    let right = OutboundMessage::new("s.c", "x").unwrap().with_expectations(expected);
    setup.broker.publisher().publish_message(right).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_published_again_is_refused_where_its_headers_are_not_allowed() {
    let republish = Republish::new("s.>", "t.>").unwrap();
    let setup = Setup::new(stream().with_allow_schedules().with_republish(republish)).await;
    let other = StreamConfig::new("T", ["t.>"]).unwrap();
    setup.admin().create_stream(other).await.unwrap();
    let schedule = Schedule::every(SECOND, "s.b").unwrap();
    let message = OutboundMessage::new("s.a", "x").unwrap().with_schedule(schedule);
    setup.broker.publisher().publish_message(message).await.unwrap();
    setup.publish("s.c").await;
    let info = setup.admin().stream_info(&"T".parse().unwrap()).await.unwrap();
    assert_eq!((info.messages, info.last_sequence), (1, 1), "the schedule itself is not stored there");
}

#[tokio::test(start_paused = true)]
async fn a_work_queue_refuses_an_update_without_acks_before_it_looks_at_what_may_change() {
    let setup = Setup::new(stream().with_retention(Retention::WorkQueue)).await;
    setup.consumer(durable("c")).await;
    let update = durable("c").with_ack(pubsub_core::AckPolicy::None);
    let refused = setup.admin().update_consumer(&setup.stream, update).await.unwrap_err();
    assert_eq!(refused.broker_code(), Some(10_084));
}

/// Measured on nats-server 2.11.11, 2.12.8 and 2.15.1.
#[tokio::test(start_paused = true)]
async fn a_request_with_two_bounds_overflows_by_one_of_them_since_2_12() {
    for (version, comes) in [(11, false), (12, true)] {
        let config = MemoryConfig::default().with_server_version(ServerVersion::new(2, version).unwrap());
        let setup = Setup::over(MemoryServer::new(config).unwrap().connect(), stream()).await;
        let group = PriorityGroup::overflow("members").unwrap();
        let consumer = setup.consumer(durable("c").with_priority(group)).await;
        setup.publish("s.a").await;
        setup.publish("s.a").await;
        let both = PullPriority::overflow(2).with_min_ack_pending(1);
        let options = FetchOptions::up_to(1).with_expires(std::time::Duration::ZERO).with_priority(both);
        assert_eq!(consumer.fetch(options.clone()).await.unwrap().len() == 1, comes, "2.{version}");
        if !comes {
            let held = take(&consumer, 1).await;
            setup.publish("s.a").await;
            assert_eq!(consumer.fetch(options).await.unwrap().len(), 1, "both are reached");
            drop(held);
        }
    }
}
