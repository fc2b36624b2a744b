//! What is told of messages that were given up, and when. As measured on nats-server 2.15.1.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{SECOND, Setup, ack_all, durable, stream, take, wait};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{
    Advisory, Broker as _, CoreMessage, CoreSubscribeOptions, Limit, OutboundMessage, PriorityGroup,
    PublisherExt as _, Purge, Result, StreamConfig, SubjectFilter, Terminated, TimeToLive, Unpinned,
};
use tokio::time::{Instant, advance, timeout};

type Heard = BoxStream<'static, Result<CoreMessage>>;

async fn listen(setup: &Setup) -> Heard {
    let filter = SubjectFilter::new("$JS.EVENT.ADVISORY.CONSUMER.>").unwrap();
    setup.broker.core().unwrap().subscribe(filter, CoreSubscribeOptions::default()).await.unwrap()
}

/// What is told within a minute.
async fn told(heard: &mut Heard) -> Option<Advisory> {
    let message = timeout(60 * SECOND, heard.next()).await.ok()??.unwrap();
    let advisory = Advisory::parse(&message.payload).unwrap().unwrap();
    assert_eq!(&*message.subject, advisory.subject());
    Some(advisory)
}

/// Stream sequence and deliveries of a message that was exhausted.
fn exhausted(advisory: Option<Advisory>) -> (u64, u64) {
    match advisory {
        Some(Advisory::MaxDeliver(it)) => (it.stream_sequence, it.deliveries),
        other => panic!("{other:?}"),
    }
}

fn terminated(advisory: Option<Advisory>) -> Terminated {
    match advisory {
        Some(Advisory::Terminated(it)) => it,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_only_attempt_is_told_in_time_though_nobody_calls() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(3 * SECOND)).await;
    setup.fill(1).await;
    let start = Instant::now();
    drop(take(&consumer, 1).await);
    assert_eq!((exhausted(told(&mut heard).await), start.elapsed()), ((1, 1), 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn who_begins_to_listen_later_hears_in_time_too() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(3 * SECOND)).await;
    setup.fill(1).await;
    let start = Instant::now();
    drop(take(&consumer, 1).await);
    let mut heard = listen(&setup).await;
    assert_eq!((exhausted(told(&mut heard).await), start.elapsed()), ((1, 1), 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_last_of_several_attempts_is_told_by_the_next_fetch() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(2).with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    drop(wait(&consumer, 1).await);
    drop(wait(&consumer, 1).await);
    assert_eq!(told(&mut heard).await, None);
    assert!(take(&consumer, 1).await.is_empty());
    assert_eq!(exhausted(told(&mut heard).await), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_waits_tells_at_the_deadline() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(2).with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    let start = Instant::now();
    drop(wait(&consumer, 1).await);
    drop(wait(&consumer, 1).await);
    tokio::spawn(async move { wait(&consumer, 1).await.len() });
    assert_eq!((exhausted(told(&mut heard).await), start.elapsed()), ((1, 2), 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_nak_of_the_last_attempt_is_told_by_the_next_fetch() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1)).await;
    setup.fill(1).await;
    take(&consumer, 1).await.remove(0).nak().await.unwrap();
    assert_eq!(told(&mut heard).await, None);
    assert!(take(&consumer, 1).await.is_empty());
    assert_eq!(exhausted(told(&mut heard).await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_nak_with_a_delay_of_the_only_attempt_is_told_at_its_end() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1)).await;
    setup.fill(1).await;
    let start = Instant::now();
    take(&consumer, 1).await.remove(0).nak_after(2 * SECOND).await.unwrap();
    assert_eq!((exhausted(told(&mut heard).await), start.elapsed()), ((1, 1), 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_term_is_told_with_its_reason() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(2).await;
    take(&consumer, 2).await.remove(1).term("bad thing").await.unwrap();
    let it = terminated(told(&mut heard).await);
    assert_eq!((it.stream_sequence, it.consumer_sequence, it.deliveries), (2, 2, 1));
    assert_eq!(
        (it.stream.as_str(), it.consumer.as_str(), it.reason.as_deref()),
        ("S", "c", Some("bad thing"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_term_of_a_settled_message_is_told_again() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(SECOND)).await;
    setup.fill(1).await;
    let late = take(&consumer, 1).await.remove(0);
    ack_all(wait(&consumer, 1).await).await;
    late.term("late").await.unwrap();
    assert_eq!(terminated(told(&mut heard).await).reason.as_deref(), Some("late"));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_of_what_is_in_flight_is_told() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    let held = take(&consumer, 2).await;
    setup.admin().delete_message(&setup.stream, 3).await.unwrap();
    setup.admin().delete_message(&setup.stream, 2).await.unwrap();
    let it = terminated(told(&mut heard).await);
    assert_eq!((it.stream_sequence, it.consumer_sequence, it.deliveries), (2, 2, 1));
    assert_eq!(it.reason.as_deref(), Some(Terminated::REMOVED));
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_removes_what_is_in_flight_is_told_at_once() {
    let setup = Setup::new(stream().with_max_messages(2)).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(2).await;
    let _held = take(&consumer, 2).await;
    setup.fill(1).await;
    assert_eq!(terminated(told(&mut heard).await).stream_sequence, 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_in_flight_that_grows_too_old_is_told_in_time() {
    let config = stream().with_max_age(10 * SECOND).with_duplicate_window(10 * SECOND);
    let setup = Setup::new(config).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    let start = Instant::now();
    let _held = take(&consumer, 1).await;
    assert_eq!(terminated(told(&mut heard).await).stream_sequence, 1);
    assert_eq!(start.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_message_in_flight_whose_time_to_live_ends_is_told_in_time() {
    let setup = Setup::new(stream().with_allow_message_ttl()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c")).await;
    let message = OutboundMessage::new("s.a", "1").unwrap().with_ttl(TimeToLive::After(5 * SECOND));
    setup.broker.publisher().publish_message(message).await.unwrap();
    let start = Instant::now();
    let held = take(&consumer, 1).await;
    let it = terminated(told(&mut heard).await);
    assert_eq!((it.stream_sequence, it.reason.as_deref()), (1, Some(Terminated::REMOVED)));
    assert_eq!(start.elapsed(), 5 * SECOND);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_of_anything_by_plain_listeners_to_something_else() {
    let setup = Setup::new(stream()).await;
    let core = setup.broker.core().unwrap();
    let filter = SubjectFilter::new("elsewhere.>").unwrap();
    let _elsewhere = core.subscribe(filter, CoreSubscribeOptions::default()).await.unwrap();
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(3 * SECOND)).await;
    setup.fill(1).await;
    drop(take(&consumer, 1).await);
    advance(10 * SECOND).await;
    // It is told to whoever listens when it is found.
    let mut heard = listen(&setup).await;
    assert_eq!(exhausted(told(&mut heard).await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_purge_tells_nothing() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(2).await;
    let _held = take(&consumer, 2).await;
    setup.admin().purge_stream(&setup.stream, Purge::up_to(2)).await.unwrap();
    setup.admin().purge_stream(&setup.stream, Purge::all()).await.unwrap();
    assert_eq!(told(&mut heard).await, None);
}

async fn keep(setup: &Setup) -> Setup {
    let config = StreamConfig::new("GIVEN_UP", Advisory::FILTERS).unwrap().with_max_age(Limit::Unlimited);
    Setup::over(setup.server.connect(), config).await
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_them_and_wakes_who_waits() {
    let setup = Setup::new(stream()).await;
    let kept = keep(&setup).await;
    let sweeper = kept.consumer(durable("sweeper")).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(3 * SECOND)).await;
    setup.fill(1).await;
    let start = Instant::now();
    drop(take(&consumer, 1).await);
    let batch = wait(&sweeper, 1).await;
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert_eq!(batch[0].subject(), "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.S.c");
    assert_eq!(exhausted(Advisory::parse(batch[0].payload()).unwrap()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_them_though_nobody_looks() {
    let setup = Setup::new(stream()).await;
    let kept = keep(&setup).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(1).with_ack_wait(3 * SECOND)).await;
    setup.fill(1).await;
    drop(take(&consumer, 1).await);
    advance(3 * SECOND).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(kept.info().await.messages, 1);
}

#[tokio::test(start_paused = true)]
async fn what_keeping_removes_does_not_make_more_of_them() {
    let setup = Setup::new(stream()).await;
    let config = StreamConfig::new("GIVEN_UP", Advisory::FILTERS).unwrap().with_max_messages(1);
    let kept = Setup::over(setup.server.connect(), config).await;
    let mut heard = listen(&setup).await;
    let sweeper = kept.consumer(durable("sweeper")).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(2).await;
    for delivery in take(&consumer, 2).await {
        delivery.term("x").await.unwrap();
        let _held = take(&sweeper, 1).await;
    }
    let streams = [told(&mut heard).await, told(&mut heard).await, told(&mut heard).await]
        .map(|advisory| terminated(advisory).stream.to_string());
    assert_eq!(streams, ["S", "S", "GIVEN_UP"]);
    assert_eq!(told(&mut heard).await, None);
    assert_eq!(kept.info().await.messages, 1);
}

/// The fields, subjects and reasons are those of nats-server 2.15.1.
#[tokio::test(start_paused = true)]
async fn pins_are_told_with_their_ends() {
    let setup = Setup::new(stream()).await;
    let mut heard = listen(&setup).await;
    let group = PriorityGroup::pinned("members").unwrap().with_pin_timeout(5 * SECOND);
    let consumer = setup.consumer(durable("c").with_priority(group)).await;
    setup.fill(4).await;
    ack_all(take(&consumer, 1).await).await;
    let Some(Advisory::Pinned(first)) = told(&mut heard).await else { panic!("no pin") };
    assert_eq!((first.stream.as_str(), first.consumer.as_str(), first.group.as_str()), ("S", "c", "members"));
    ack_all(take(&consumer, 1).await).await;
    setup.admin().unpin_consumer(&setup.stream, &"c".try_into().unwrap()).await.unwrap();
    assert_eq!(unpinned(told(&mut heard).await), Unpinned::ADMIN, "the second message was no other pin");
    ack_all(take(&consumer, 1).await).await;
    let Some(Advisory::Pinned(second)) = told(&mut heard).await else { panic!("no pin") };
    assert_ne!(first.pin, second.pin);
    // Though nobody calls.
    let start = Instant::now();
    assert_eq!(
        (unpinned(told(&mut heard).await), start.elapsed()),
        (Unpinned::TIMEOUT.to_owned(), 5 * SECOND)
    );
}

fn unpinned(advisory: Option<Advisory>) -> String {
    match advisory {
        Some(Advisory::Unpinned(it)) => it.reason,
        other => panic!("{other:?}"),
    }
}
