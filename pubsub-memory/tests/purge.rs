//! What a purge means to consumers, as nats-server 2.15.1 does it (measured; each rule was found by a random sequence of
//! operations that differed).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, durable, sequences, stream, take};
use pubsub_core::{
    Broker, DeliverPolicy, Limit, OutboundMessage, PublisherExt, Purge, Retention, Rollup, SequencePair,
    Storage,
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
