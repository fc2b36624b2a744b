//! Creating, changing, listing, reading, purging and deleting.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, ack_all, attempts, durable, sequences, stream, take, wait};
use pubsub_core::{
    AckPolicy, Broker as _, ConsumerName, DeliverPolicy, ErrorKind, MessageSelector, Purge, Retention,
    Storage, StreamConfig, StreamName, Subject,
};

#[tokio::test(start_paused = true)]
async fn creating_the_same_again_is_success_and_another_one_an_error() {
    let setup = Setup::new(stream()).await;
    setup.fill(1).await;
    assert_eq!(setup.admin().create_stream(stream()).await.unwrap().messages, 1);
    let other = stream().with_max_messages(7);
    let error = setup.admin().create_stream(other).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::AlreadyExists, Some(10058)));
    assert!(error.message().contains("max_messages: unlimited -> 7"), "{error}");

    setup.consumer(durable("c")).await;
    setup.consumer(durable("c")).await;
    let error =
        setup.admin().create_consumer(&setup.stream, durable("c").with_max_deliver(7)).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::AlreadyExists, Some(10148)));
    assert_eq!(setup.consumer_info("c").await.unwrap().config.max_deliver, 3.into());
}

#[tokio::test(start_paused = true)]
async fn the_subjects_of_two_streams_may_not_overlap() {
    let setup = Setup::new(stream()).await;
    let error =
        setup.admin().create_stream(StreamConfig::new("T", ["t.a", "s.*"]).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10065)));
    assert_eq!((error.context("stream"), error.context("subject")), (Some("T"), Some("s.*")));
    setup.admin().create_stream(StreamConfig::new("T", ["t.>"]).unwrap()).await.unwrap();
    let mut wider = stream();
    wider.subjects.push("t.a".parse().unwrap());
    let error = setup.admin().update_stream(wider).await.unwrap_err();
    assert_eq!(error.broker_code(), Some(10065));
}

#[tokio::test(start_paused = true)]
async fn a_subject_follows_its_stream() {
    let setup = Setup::new(stream()).await;
    setup.publish("s.a").await;
    let mut moved = stream();
    moved.subjects = vec!["u.>".parse().unwrap()];
    setup.admin().update_stream(moved).await.unwrap();
    assert_eq!(setup.publish("u.a").await.sequence, Some(2));
    setup.admin().create_stream(StreamConfig::new("T", ["s.>"]).unwrap()).await.unwrap();
    assert_eq!(setup.publish("s.a").await.stream, "T");
    setup.admin().delete_stream(&StreamName::new("T").unwrap()).await.unwrap();
    let error = setup.publish_id("s.a", "late").await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(503)));
    assert_eq!(error.context("subject"), Some("s.a"));
    assert!(error.remedy().is_some());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_change_is_refused_with_the_field() {
    let setup = Setup::new(stream()).await;
    setup.consumer(durable("c")).await;
    for config in [stream().with_storage(Storage::Memory), stream().with_retention(Retention::WorkQueue)] {
        let error = setup.admin().update_stream(config).await.unwrap_err();
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Config, Some(10052)));
        assert!(error.context("field").is_some() && error.remedy().is_some());
    }
    for config in [durable("c").with_deliver(DeliverPolicy::New), durable("c").with_ack(AckPolicy::None)] {
        let error = setup.admin().update_consumer(&setup.stream, config).await.unwrap_err();
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Config, Some(10012)));
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_one_replica_is_unsupported() {
    let setup = Setup::new(stream()).await;
    let error = setup
        .admin()
        .create_stream(StreamConfig::new("T", ["t"]).unwrap().with_replicas(3))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.context("field")), (ErrorKind::Unsupported, Some("replicas")));
    assert_eq!(setup.admin().list_streams().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_not_found_with_its_code() {
    let setup = Setup::new(stream()).await;
    let (stream, consumer) = (StreamName::new("NONE").unwrap(), ConsumerName::new("none").unwrap());
    let admin = setup.admin();
    let missing = [
        admin.stream_info(&stream).await.map(|_| ()),
        admin.delete_stream(&stream).await,
        admin.create_consumer(&stream, durable("c")).await.map(|_| ()),
        admin.consumer_info(&stream, &consumer).await.map(|_| ()),
        admin.purge_stream(&stream, Purge::all()).await.map(|_| ()),
        admin.list_consumers(&stream).await.map(|_| ()),
        setup.broker.consumer(&stream, &consumer).await.map(|_| ()),
    ];
    for error in missing.map(Result::unwrap_err) {
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10059)), "{error}");
        assert_eq!(error.context("stream"), Some("NONE"));
    }
    let codes = [
        (admin.consumer_info(&setup.stream, &consumer).await.map(|_| ()), 10014),
        (admin.delete_consumer(&setup.stream, &consumer).await, 10014),
        (admin.update_consumer(&setup.stream, durable("none")).await.map(|_| ()), 10149),
        (admin.get_message(&setup.stream, MessageSelector::Sequence(1)).await.map(|_| ()), 10037),
        (admin.delete_message(&setup.stream, 1).await, 10043),
    ];
    for (result, code) in codes {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(code)), "{error}");
        assert!(error.remedy().is_some(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_settlement_of_a_consumer_that_is_gone_is_an_error() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(4).await;
    let mut held = take(&consumer, 4).await;
    setup.admin().delete_consumer(&setup.stream, &ConsumerName::new("c").unwrap()).await.unwrap();
    held.remove(0).ack().await.unwrap();
    let error = held.remove(0).ack_confirmed().await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(503)));
    // A new one of that name knows nothing of old deliveries.
    setup.consumer(durable("c")).await;
    assert_eq!(held.remove(0).ack_confirmed().await.unwrap_err().kind(), ErrorKind::NotFound);
    setup.admin().delete_stream(&setup.stream).await.unwrap();
    let error = held.remove(0).ack_confirmed().await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(503)));
}

#[tokio::test(start_paused = true)]
async fn a_purge_removes_what_it_names() {
    let fill = async || {
        let setup = Setup::new(stream()).await;
        for subject in ["s.a", "s.b", "s.a", "s.b", "s.a"] {
            setup.publish(subject).await;
        }
        setup
    };
    let filtered = |purge: Purge| purge.with_filter("s.a").unwrap();
    for (purge, purged, stored) in [
        (Purge::all(), 5, vec![]),
        (Purge::up_to(3), 2, vec![3, 4, 5]),
        (Purge::keep(2), 3, vec![4, 5]),
        (filtered(Purge::all()), 3, vec![2, 4]),
        (filtered(Purge::up_to(3)), 1, vec![2, 3, 4, 5]),
        (filtered(Purge::keep(1)), 2, vec![2, 4, 5]),
        (Purge::up_to(1), 0, vec![1, 2, 3, 4, 5]),
        (Purge::keep(9), 0, vec![1, 2, 3, 4, 5]),
    ] {
        let setup = fill().await;
        assert_eq!(
            setup.admin().purge_stream(&setup.stream, purge.clone()).await.unwrap(),
            purged,
            "{purge:?}"
        );
        assert_eq!(setup.stored().await, stored, "{purge:?}");
    }
    let setup = fill().await;
    setup.admin().purge_stream(&setup.stream, Purge::up_to(100)).await.unwrap();
    assert_eq!(setup.publish("s.a").await.sequence, Some(100));
}

#[tokio::test(start_paused = true)]
async fn purged_messages_are_not_delivered_again() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(SECOND)).await;
    setup.fill(4).await;
    let held = take(&consumer, 2).await;
    setup.admin().purge_stream(&setup.stream, Purge::all()).await.unwrap();
    let info = setup.consumer_info("c").await.unwrap();
    assert_eq!((info.ack_pending, info.pending, info.delivered.stream, info.ack_floor.stream), (0, 0, 4, 4));
    ack_all(held).await;
    setup.fill(1).await;
    tokio::time::advance(5 * SECOND).await;
    assert_eq!(sequences(&take(&consumer, 10).await), [5]);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_message_leaves_a_gap_and_the_others_alone() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(SECOND)).await;
    setup.fill(4).await;
    let held = take(&consumer, 3).await;
    setup.admin().delete_message(&setup.stream, 2).await.unwrap();
    let info = setup.info().await;
    assert_eq!((info.messages, info.deleted, info.last_sequence), (3, 1, 4));
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 2);
    let again = wait(&consumer, 10).await;
    assert_eq!(sequences(&again), [4]);
    let again = wait(&consumer, 10).await;
    assert_eq!((sequences(&again), attempts(&again)), (vec![1, 3, 4], vec![2, 2, 2]));
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn stored_messages_can_be_read() {
    let setup = Setup::new(stream()).await;
    setup.publish_id("s.a", "one").await.unwrap();
    setup.publish("s.b").await;
    setup.publish("s.a").await;
    let read = async |selector| setup.admin().get_message(&setup.stream, selector).await.unwrap();
    let first = read(MessageSelector::Sequence(1)).await;
    assert_eq!((&*first.subject, first.sequence, &*first.payload), ("s.a", 1, &b"payload"[..]));
    assert_eq!(first.headers.get("Nats-Msg-Id"), Some("one"));
    assert_eq!(read(MessageSelector::LastOf(Subject::new("s.a").unwrap())).await.sequence, 3);
}

#[tokio::test(start_paused = true)]
async fn lists_are_in_the_order_of_names() {
    let setup = Setup::new(stream()).await;
    setup.admin().create_stream(StreamConfig::new("A", ["a"]).unwrap()).await.unwrap();
    for name in ["c", "a", "b"] {
        setup.consumer(durable(name)).await;
    }
    let streams = setup.admin().list_streams().await.unwrap();
    assert_eq!(streams.iter().map(|info| info.config.name.as_str()).collect::<Vec<_>>(), ["A", "S"]);
    assert_eq!(setup.info().await.consumers, 3);
    let consumers = setup.admin().list_consumers(&setup.stream).await.unwrap();
    assert_eq!(consumers.iter().map(|info| info.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_has_so_many_streams_at_most() {
    let config = pubsub_memory::MemoryConfig::default().with_max_streams(1).with_max_consumers_per_stream(1);
    let setup = Setup::over(pubsub_memory::MemoryServer::new(config).unwrap().connect(), stream()).await;
    let error = setup.admin().create_stream(StreamConfig::new("T", ["t"]).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10027)));
    setup.consumer(durable("one")).await;
    let error = setup.admin().create_consumer(&setup.stream, durable("two")).await.unwrap_err();
    assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10026)));
}

#[tokio::test(start_paused = true)]
async fn a_fresh_stream_has_no_sequence() {
    let setup = Setup::new(stream()).await;
    let info = setup.info().await;
    assert_eq!((info.first_sequence, info.last_sequence, info.deleted, info.subjects), (0, 0, 0, 0));
    setup.fill(1).await;
    let info = setup.info().await;
    assert_eq!((info.first_sequence, info.last_sequence, info.deleted, info.subjects), (1, 1, 0, 1));
}
