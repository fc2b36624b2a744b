//! Interest retention: a message stays while somebody wants it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{SECOND, Setup, ack_all, durable, stream, take};
use pubsub_core::{AckPolicy, ConsumerName, DeliverPolicy, Retention, StreamConfig};

fn interest() -> StreamConfig {
    stream().with_retention(Retention::Interest)
}

#[tokio::test(start_paused = true)]
async fn without_a_matching_consumer_a_message_is_confirmed_and_not_stored() {
    let setup = Setup::new(interest()).await;
    assert_eq!(setup.publish("s.a").await.sequence, Some(1));
    setup.consumer(durable("c").with_filter("s.b").unwrap()).await;
    assert_eq!(setup.publish("s.a").await.sequence, Some(2));
    let info = setup.info().await;
    assert_eq!((info.messages, info.first_sequence, info.last_sequence), (0, 3, 2));
    assert_eq!(setup.publish("s.b").await.sequence, Some(3));
    assert_eq!(setup.stored().await, [3]);
}

#[tokio::test(start_paused = true)]
async fn a_message_leaves_when_every_matching_consumer_has_settled_it() {
    let setup = Setup::new(interest()).await;
    let one = setup.consumer(durable("one")).await;
    let other = setup.consumer(durable("other").with_filter("s.a").unwrap()).await;
    setup.publish("s.a").await;
    setup.publish("s.b").await;
    ack_all(take(&one, 10).await).await;
    assert_eq!(setup.stored().await, [1]);
    take(&other, 10).await.remove(0).term("broken").await.unwrap();
    assert_eq!(setup.info().await.messages, 0);
}

#[tokio::test(start_paused = true)]
async fn acks_out_of_order_leave_gaps() {
    let setup = Setup::new(interest()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    let mut held = take(&consumer, 3).await;
    held.remove(1).ack().await.unwrap();
    let info = setup.info().await;
    assert_eq!((info.messages, info.first_sequence, info.deleted), (2, 1, 1));
    held.remove(0).ack().await.unwrap();
    assert_eq!(setup.info().await.first_sequence, 3);
    ack_all(held).await;
}

#[tokio::test(start_paused = true)]
async fn deleting_a_consumer_frees_exactly_what_only_it_was_holding() {
    let setup = Setup::new(interest()).await;
    let one = setup.consumer(durable("one")).await;
    let other = setup.consumer(durable("other").with_filter("s.a").unwrap()).await;
    for subject in ["s.a", "s.b", "s.a", "s.b"] {
        setup.publish(subject).await;
    }
    // `one` holds all but the first, two of them in flight; `other` has settled the third.
    ack_all(take(&one, 1).await).await;
    let in_flight = take(&one, 2).await;
    let mut both = take(&other, 2).await;
    both.remove(1).ack().await.unwrap();
    setup.admin().delete_consumer(&setup.stream, &ConsumerName::new("one").unwrap()).await.unwrap();
    assert_eq!(setup.stored().await, [1]);
    ack_all(both).await;
    assert_eq!(setup.info().await.messages, 0);
    drop(in_flight);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_without_acks_settles_by_taking() {
    let setup = Setup::new(interest()).await;
    let consumer = setup.consumer(durable("c").with_ack(AckPolicy::None)).await;
    setup.fill(2).await;
    assert_eq!(take(&consumer, 1).await.len(), 1);
    assert_eq!(setup.stored().await, [2]);
}

#[tokio::test(start_paused = true)]
async fn a_later_consumer_sees_what_is_still_held_and_holds_it_too() {
    let setup = Setup::new(interest()).await;
    let one = setup.consumer(durable("one")).await;
    setup.fill(2).await;
    ack_all(take(&one, 1).await).await;
    let late = setup.consumer(durable("late")).await;
    let new = setup.consumer(durable("new").with_deliver(DeliverPolicy::New)).await;
    ack_all(take(&one, 10).await).await;
    assert_eq!(setup.stored().await, [2]);
    ack_all(take(&late, 10).await).await;
    assert_eq!(setup.info().await.messages, 0);
    assert!(take(&new, 1).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_message_stays_until_a_late_ack() {
    let setup = Setup::new(interest()).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    let late = take(&consumer, 1).await;
    tokio::time::advance(2 * SECOND).await;
    assert!(take(&consumer, 1).await.is_empty());
    assert_eq!(setup.consumer_info("c").await.unwrap().ack_pending, 0);
    assert_eq!(setup.stored().await, [1]);
    ack_all(late).await;
    assert_eq!(setup.info().await.messages, 0);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_filters_frees_what_nobody_wants_any_more() {
    let setup = Setup::new(interest()).await;
    let consumer = setup.consumer(durable("c")).await;
    for subject in ["s.a", "s.b", "s.a", "s.b"] {
        setup.publish(subject).await;
    }
    let changed = durable("c").with_filter("s.a").unwrap();
    setup.admin().update_consumer(&setup.stream, changed).await.unwrap();
    assert_eq!(setup.stored().await, [1, 3]);
    ack_all(take(&consumer, 10).await).await;
    assert_eq!(setup.info().await.messages, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_becomes_interest_drops_what_nobody_wants() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    ack_all(take(&consumer, 1).await).await;
    setup.admin().update_stream(interest()).await.unwrap();
    assert_eq!(setup.stored().await, [2, 3]);
    ack_all(take(&consumer, 10).await).await;
    assert_eq!(setup.info().await.messages, 0);
}

#[tokio::test(start_paused = true)]
async fn an_ack_of_all_settles_everything_before_it() {
    let setup = Setup::new(interest()).await;
    let consumer = setup.consumer(durable("c").with_ack(AckPolicy::All)).await;
    setup.fill(4).await;
    let mut held = take(&consumer, 4).await;
    held.remove(2).ack().await.unwrap();
    assert_eq!(setup.stored().await, [4]);
    let info = setup.consumer_info("c").await.unwrap();
    assert_eq!((info.ack_pending, info.ack_floor.stream), (1, 3));
}
