//! Where consumers start, and what they see.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, ack_all, durable, sequences, stream, take, wait};
use pubsub_core::{Consumer, ConsumerConfig, DeliverPolicy, Purge, SequencePair, Subject};
use std::sync::Arc;

/// Six messages: `s.0 s.1 s.2 s.0 s.1 s.2`, one a second.
async fn six() -> Setup {
    let setup = Setup::new(stream()).await;
    for index in 0..6 {
        setup.publish(&format!("s.{}", index % 3)).await;
        tokio::time::advance(SECOND).await;
    }
    setup
}

async fn starting(setup: &Setup, name: &str, deliver: DeliverPolicy) -> Arc<dyn Consumer> {
    setup.consumer(durable(name).with_deliver(deliver)).await
}

fn filtered(name: &str, filters: &[&str]) -> ConsumerConfig {
    durable(name).with_filters(filters.iter().copied()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_policy_starts_at_its_place() {
    let setup = six().await;
    let all = starting(&setup, "all", DeliverPolicy::All).await;
    let new = starting(&setup, "new", DeliverPolicy::New).await;
    let last = starting(&setup, "last", DeliverPolicy::Last).await;
    let third = starting(&setup, "third", DeliverPolicy::FromSequence(3)).await;
    let each = starting(&setup, "each", DeliverPolicy::LastPerSubject).await;
    setup.publish("s.0").await;
    assert_eq!(sequences(&take(&all, 10).await), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(sequences(&take(&new, 10).await), [7]);
    assert_eq!(sequences(&take(&last, 10).await), [6, 7]);
    assert_eq!(sequences(&take(&third, 10).await), [3, 4, 5, 6, 7]);
    assert_eq!(sequences(&take(&each, 10).await), [4, 5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn the_last_and_the_last_of_each_go_by_the_filters() {
    let setup = six().await;
    let last = setup.consumer(filtered("last", &["s.0", "s.1"]).with_deliver(DeliverPolicy::Last)).await;
    assert_eq!(sequences(&take(&last, 10).await), [5]);
    let each = filtered("each", &["s.0", "s.1"]).with_deliver(DeliverPolicy::LastPerSubject);
    assert_eq!(sequences(&take(&setup.consumer(each).await, 10).await), [4, 5]);
    let none = filtered("none", &["s.9"]).with_deliver(DeliverPolicy::Last);
    let none = setup.consumer(none).await;
    assert!(take(&none, 10).await.is_empty());
    setup.publish("s.9").await;
    assert_eq!(sequences(&take(&none, 10).await), [7]);
}

/// Found by the differential test: nats-server 2.15.1 says 6 too, where the sixth message is gone and no other is left.
#[tokio::test(start_paused = true)]
async fn the_last_of_an_emptied_stream_is_what_comes_next() {
    let setup = six().await;
    setup.admin().purge_stream(&setup.stream, Purge::all()).await.unwrap();
    let last = starting(&setup, "last", DeliverPolicy::Last).await;
    assert_eq!(setup.consumer_info("last").await.unwrap().delivered, SequencePair::new(0, 6));
    setup.publish("s.0").await;
    assert_eq!(sequences(&take(&last, 10).await), [7]);
}

#[tokio::test(start_paused = true)]
async fn a_time_starts_at_the_first_message_of_that_time_or_later() {
    let setup = six().await;
    let by_sequence = pubsub_core::MessageSelector::Sequence(4);
    let time = setup.admin().get_message(&setup.stream, by_sequence).await.unwrap().published_at;
    let at = starting(&setup, "at", DeliverPolicy::FromTime(time)).await;
    let just_after = DeliverPolicy::FromTime(time + std::time::Duration::from_millis(1));
    let just_after = starting(&setup, "just_after", just_after).await;
    let future = starting(&setup, "future", DeliverPolicy::FromTime(time + 3600 * SECOND)).await;
    setup.publish("s.0").await;
    assert_eq!(sequences(&take(&at, 10).await), [4, 5, 6, 7]);
    assert_eq!(sequences(&take(&just_after, 10).await), [5, 6, 7]);
    assert_eq!(sequences(&take(&future, 10).await), [7]);
}

#[tokio::test(start_paused = true)]
async fn a_sequence_beyond_the_end_is_waited_for() {
    let setup = six().await;
    let later = starting(&setup, "later", DeliverPolicy::FromSequence(9)).await;
    setup.fill(2).await;
    assert!(take(&later, 10).await.is_empty());
    assert_eq!(setup.consumer_info("later").await.unwrap().pending, 0);
    setup.fill(2).await;
    assert_eq!(sequences(&take(&later, 10).await), [9, 10]);
}

#[tokio::test(start_paused = true)]
async fn filters_choose_by_subject() {
    let setup = six().await;
    for (name, filters, expected) in [
        ("literal", vec!["s.1"], vec![2, 5]),
        ("literals", vec!["s.1", "s.2"], vec![2, 3, 5, 6]),
        ("wildcard", vec!["s.*"], vec![1, 2, 3, 4, 5, 6]),
        ("mixed", vec!["s.0", "s.1.>"], vec![1, 4]),
        ("outside", vec!["t.>"], vec![]),
    ] {
        let consumer = setup.consumer(filtered(name, &filters)).await;
        let before = setup.consumer_info(name).await.unwrap().pending;
        assert_eq!(before, u64::try_from(expected.len()).unwrap(), "{name}");
        assert_eq!(sequences(&take(&consumer, 10).await), expected, "{name}");
        assert_eq!(setup.consumer_info(name).await.unwrap().pending, 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_delivery_tells_what_was_left() {
    let setup = six().await;
    for (name, filter, expected) in
        [("all", ">", vec![5, 4, 3]), ("some", "s.*", vec![5, 4, 3]), ("one", "s.1", vec![1, 0])]
    {
        let consumer = setup.consumer(filtered(name, &[filter])).await;
        let pending: Vec<u64> =
            take(&consumer, 3).await.iter().map(|delivery| delivery.info().pending).collect();
        assert_eq!(pending, expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_tells_where_it_stands() {
    let setup = six().await;
    let consumer = setup.consumer(filtered("c", &["s.2"])).await;
    take(&consumer, 1).await.remove(0).nak().await.unwrap();
    let again = take(&consumer, 1).await.remove(0);
    let info = again.info();
    assert_eq!((info.stream.as_str(), info.consumer.as_str()), ("S", "c"));
    assert_eq!((info.stream_sequence, info.consumer_sequence, info.attempt, info.pending), (3, 2, 2, 1));
    let stored = pubsub_core::MessageSelector::LastOf(Subject::new("s.2").unwrap());
    let stored = setup.admin().get_message(&setup.stream, stored).await.unwrap();
    assert_eq!(stored.published_at.duration_since(info.published_at).unwrap(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_floor_follows_the_settled_prefix() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(4).await;
    let mut held = take(&consumer, 3).await;
    let at = async || setup.consumer_info("c").await.unwrap();
    held.remove(1).ack().await.unwrap();
    assert_eq!(at().await.ack_floor, SequencePair::new(0, 0));
    held.remove(0).ack().await.unwrap();
    assert_eq!(at().await.ack_floor, SequencePair::new(2, 2));
    let info = at().await;
    assert_eq!((info.ack_pending, info.pending, info.delivered), (1, 1, SequencePair::new(3, 3)));
    ack_all(held).await;
    assert_eq!(at().await.ack_floor, SequencePair::new(3, 3));
}

#[tokio::test(start_paused = true)]
async fn at_most_max_ack_pending_are_unsettled_over_all_handles() {
    let setup = Setup::new(stream()).await;
    let one = setup.consumer(durable("c").with_max_ack_pending(3)).await;
    let other = setup.open("c").await.unwrap();
    setup.fill(10).await;
    let mut held = take(&one, 2).await;
    held.extend(take(&other, 10).await);
    assert_eq!(held.len(), 3);
    assert!(take(&one, 10).await.is_empty());
    held.remove(0).nak_after(60 * SECOND).await.unwrap();
    // One that sleeps still counts.
    assert!(take(&one, 10).await.is_empty());
    held.remove(0).ack().await.unwrap();
    assert_eq!(sequences(&wait(&one, 10).await), [4]);
}

#[tokio::test(start_paused = true)]
async fn new_filters_apply_to_what_was_not_passed_yet() {
    let setup = six().await;
    let consumer = setup.consumer(filtered("c", &["s.0"])).await;
    let held = take(&consumer, 1).await;
    let changed = filtered("c", &["s.1"]);
    setup.admin().update_consumer(&setup.stream, changed).await.unwrap();
    assert_eq!(setup.consumer_info("c").await.unwrap().pending, 2);
    assert_eq!(sequences(&take(&consumer, 10).await), [2, 5]);
    // What was in flight comes again, although no filter matches it now.
    held.into_iter().next().unwrap().nak().await.unwrap();
    assert_eq!(sequences(&take(&consumer, 10).await), [1]);
    // To the end everything was passed; wider filters do not bring it back.
    setup.admin().update_consumer(&setup.stream, filtered("c", &["s.*"])).await.unwrap();
    assert!(take(&consumer, 10).await.is_empty());
}
