//! What a subscription holds ready.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{SECOND, Setup, ack_all, attempts, durable, sequences, stream, take, wait};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{
    AckPolicy, Broker as _, Consumer, ConsumerConfig, ConsumerName, Delivery, ErrorKind, Limit, Result,
    SubscribeOptions,
};
use tokio::time::{Instant, sleep, timeout};

type Deliveries = BoxStream<'static, Result<Delivery>>;

fn subscribe(consumer: &Arc<dyn Consumer>, buffer: usize) -> Deliveries {
    Arc::clone(consumer).subscribe(SubscribeOptions::default().with_buffer(buffer))
}

async fn next(deliveries: &mut Deliveries) -> Delivery {
    timeout(600 * SECOND, deliveries.next()).await.unwrap().unwrap().unwrap()
}

/// Sequence and attempt.
async fn next_of(deliveries: &mut Deliveries) -> (u64, u64) {
    let delivery = next(deliveries).await;
    (delivery.info().stream_sequence, delivery.info().attempt)
}

/// How many are unsettled, and how many were not delivered yet.
async fn counts(setup: &Setup) -> (u64, u64) {
    let info = setup.consumer_info("c").await.unwrap();
    (info.ack_pending, info.pending)
}

/// Another connection to the same server.
fn reconnect(setup: &Setup) -> Setup {
    Setup { broker: setup.server.connect(), server: setup.server.clone(), stream: setup.stream.clone() }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_delivered_before_the_first_poll() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    let _deliveries = subscribe(&consumer, 2);
    assert_eq!(counts(&setup).await, (0, 3));
}

#[tokio::test(start_paused = true)]
async fn what_is_held_ready_counts_as_unsettled() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(10).await;
    let mut deliveries = subscribe(&consumer, 4);
    let first = next(&mut deliveries).await;
    assert_eq!(counts(&setup).await, (4, 6));
    first.ack_confirmed().await.unwrap();
    assert_eq!(counts(&setup).await, (3, 6));
}

#[tokio::test(start_paused = true)]
async fn more_is_asked_for_when_half_is_taken() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(10).await;
    let mut deliveries = subscribe(&consumer, 4);
    let mut unsettled = Vec::new();
    for _ in 0..5 {
        drop(next(&mut deliveries).await);
        unsettled.push(counts(&setup).await.0);
    }
    assert_eq!(unsettled, [4, 4, 6, 6, 8]);
}

#[tokio::test(start_paused = true)]
async fn a_buffer_of_one_holds_nothing_ready() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    let mut deliveries = subscribe(&consumer, 1);
    let first = next(&mut deliveries).await;
    assert_eq!(counts(&setup).await, (1, 2));
    first.ack_confirmed().await.unwrap();
    assert_eq!(counts(&setup).await, (0, 2));
}

#[tokio::test(start_paused = true)]
async fn messages_are_delivered_while_nobody_polls() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    let mut deliveries = subscribe(&consumer, 10);
    drop(next(&mut deliveries).await);
    setup.fill(3).await;
    assert_eq!(counts(&setup).await, (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_nobody_polls_asks_for_half_a_minute() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(600 * SECOND)).await;
    setup.fill(1).await;
    let mut deliveries = subscribe(&consumer, 10);
    drop(next(&mut deliveries).await);
    assert_eq!(setup.consumer_info("c").await.unwrap().waiting, 1);
    tokio::time::advance(30 * SECOND).await;
    assert_eq!(setup.consumer_info("c").await.unwrap().waiting, 0);
    setup.fill(2).await;
    assert_eq!(counts(&setup).await, (1, 2));
    // A poll asks again.
    assert_eq!(next_of(&mut deliveries).await, (2, 1));
    assert_eq!(counts(&setup).await, (3, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_asks_for_ever() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let start = Instant::now();
    let mut deliveries = subscribe(&consumer, 10);
    let waiting = tokio::spawn(async move { next_of(&mut deliveries).await });
    sleep(300 * SECOND).await;
    setup.fill(1).await;
    assert_eq!(waiting.await.unwrap(), (1, 1));
    assert_eq!(start.elapsed(), 300 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_held_ready_than_may_be_unsettled() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(2)).await;
    setup.fill(5).await;
    let mut deliveries = subscribe(&consumer, 10);
    let mut got = Vec::new();
    while got.len() < 5 {
        let delivery = next(&mut deliveries).await;
        assert_eq!(counts(&setup).await.0, u64::min(2, 5 - got.len() as u64));
        got.push(delivery.info().stream_sequence);
        delivery.ack_confirmed().await.unwrap();
    }
    assert_eq!(got, [1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_past_its_ack_wait_is_handed_out_and_comes_again() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(10 * SECOND)).await;
    setup.fill(2).await;
    let mut deliveries = subscribe(&consumer, 10);
    next(&mut deliveries).await.ack_confirmed().await.unwrap();
    tokio::time::advance(25 * SECOND).await;
    for attempt in 1..=3 {
        assert_eq!(next_of(&mut deliveries).await, (2, attempt));
    }
}

#[tokio::test(start_paused = true)]
async fn it_may_come_again_elsewhere() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(10 * SECOND)).await;
    setup.fill(2).await;
    let mut deliveries = subscribe(&consumer, 2);
    next(&mut deliveries).await.ack_confirmed().await.unwrap();
    let again = wait(&consumer, 1).await;
    assert_eq!((sequences(&again), attempts(&again)), (vec![2], vec![2]));
    assert_eq!(next_of(&mut deliveries).await, (2, 1));
}

#[tokio::test(start_paused = true)]
async fn its_ack_waits_begin_when_it_was_due_not_when_somebody_looked() {
    let setup = Setup::new(stream()).await;
    let config = durable("c").with_ack_wait(12 * SECOND).with_max_deliver(10);
    let consumer = setup.consumer(config).await;
    setup.fill(1).await;
    let start = Instant::now();
    let mut deliveries = subscribe(&consumer, 10);
    drop(next(&mut deliveries).await);
    tokio::time::advance(28 * SECOND).await;
    // Delivered at 0, 12 and 24 s; at 36 s the subscription no longer asks.
    let again = wait(&consumer, 1).await;
    assert_eq!((start.elapsed(), attempts(&again)), (36 * SECOND, vec![4]));
}

#[tokio::test(start_paused = true)]
async fn a_slow_handler_behind_a_deep_buffer_uses_up_the_attempts() {
    let setup = Setup::new(stream()).await;
    let config = durable("c").with_ack_wait(5 * SECOND).with_max_deliver(3);
    let consumer = setup.consumer(config).await;
    setup.fill(2).await;
    let mut deliveries = subscribe(&consumer, 10);
    next(&mut deliveries).await.ack_confirmed().await.unwrap();
    tokio::time::advance(16 * SECOND).await;
    assert_eq!(counts(&setup).await, (0, 0));
    assert!(take(&consumer, 10).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_subscription_makes_what_it_held_available_at_once() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(4).await;
    let mut deliveries = subscribe(&consumer, 3);
    let taken = next(&mut deliveries).await;
    drop(deliveries);
    let rest = take(&consumer, 10).await;
    assert_eq!((sequences(&rest), attempts(&rest)), (vec![2, 3, 4], vec![2, 2, 1]));
    taken.ack_confirmed().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_subscription_wakes_a_fetch_that_waits() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_ack_pending(2)).await;
    setup.fill(2).await;
    let mut deliveries = subscribe(&consumer, 2);
    let taken = next(&mut deliveries).await;
    let start = Instant::now();
    let fetch = tokio::spawn(async move { sequences(&wait(&consumer, 1).await) });
    tokio::task::yield_now().await;
    drop(deliveries);
    assert_eq!((fetch.await.unwrap(), start.elapsed()), (vec![2], Duration::ZERO));
    taken.ack_confirmed().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn three_dropped_subscriptions_use_up_three_attempts() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_max_deliver(3)).await;
    let mut line = Vec::new();
    for _ in 0..3 {
        let mut deliveries = subscribe(&consumer, 10);
        assert!(futures::poll!(deliveries.next()).is_pending());
        line.push(deliveries);
    }
    setup.fill(1).await;
    for deliveries in line {
        assert_eq!(counts(&setup).await, (1, 0));
        drop(deliveries);
    }
    assert!(take(&consumer, 10).await.is_empty());
    assert_eq!(counts(&setup).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_has_come_again_elsewhere_is_not_handed_back() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack_wait(10 * SECOND)).await;
    setup.fill(2).await;
    let mut deliveries = subscribe(&consumer, 2);
    next(&mut deliveries).await.ack_confirmed().await.unwrap();
    let again = wait(&consumer, 1).await;
    drop(deliveries);
    assert!(take(&consumer, 10).await.is_empty());
    ack_all(again).await;
}

#[tokio::test(start_paused = true)]
async fn a_close_makes_what_was_held_available_elsewhere_at_once() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    let mut deliveries = subscribe(&consumer, 10);
    let taken = next(&mut deliveries).await;
    setup.broker.close().await.unwrap();

    // The subscription is still there, and nobody has polled it.
    let other = reconnect(&setup).open("c").await.unwrap();
    let rest = take(&other, 10).await;
    assert_eq!((sequences(&rest), attempts(&rest)), (vec![2, 3], vec![2, 2]));
    assert!(deliveries.next().await.is_none());
    drop(taken);
}

#[tokio::test(start_paused = true)]
async fn a_close_wakes_a_fetch_of_another_connection() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    // Two, so that one must not hand its messages to the other.
    let (mut one, mut two) = (subscribe(&consumer, 3), subscribe(&consumer, 3));
    next(&mut one).await.ack_confirmed().await.unwrap();
    assert!(futures::poll!(two.next()).is_pending());
    let other = reconnect(&setup).open("c").await.unwrap();
    let start = Instant::now();
    let fetch = tokio::spawn(async move { sequences(&wait(&other, 5).await) });
    tokio::task::yield_now().await;
    setup.broker.close().await.unwrap();
    assert_eq!((fetch.await.unwrap(), start.elapsed()), (vec![2, 3], Duration::ZERO));
    assert!(two.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn subscriptions_take_turns() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let (mut one, mut two) = (subscribe(&consumer, 10), subscribe(&consumer, 10));
    assert!(futures::poll!(one.next()).is_pending());
    assert!(futures::poll!(two.next()).is_pending());
    setup.fill(4).await;
    assert_eq!([next_of(&mut one).await.0, next_of(&mut one).await.0], [1, 3]);
    assert_eq!([next_of(&mut two).await.0, next_of(&mut two).await.0], [2, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_asks_does_not_keep_everything_from_a_fetch() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let mut deliveries = subscribe(&consumer, 10);
    assert!(futures::poll!(deliveries.next()).is_pending());
    let fetch = tokio::spawn(async move { sequences(&wait(&consumer, 10).await) });
    tokio::task::yield_now().await;
    setup.fill(2).await;
    assert_eq!(fetch.await.unwrap(), [2]);
    assert_eq!(next_of(&mut deliveries).await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_nak_is_delivered_to_the_subscription_again() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(1).await;
    let mut deliveries = subscribe(&consumer, 10);
    let start = Instant::now();
    next(&mut deliveries).await.nak().await.unwrap();
    next(&mut deliveries).await.nak_after(2 * SECOND).await.unwrap();
    assert_eq!(next_of(&mut deliveries).await, (1, 3));
    assert_eq!(start.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_was_held_comes_before_the_error_of_a_deleted_consumer() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    setup.fill(3).await;
    let mut deliveries = subscribe(&consumer, 10);
    drop(next(&mut deliveries).await);
    let name = ConsumerName::new("c").unwrap();
    setup.admin().delete_consumer(&setup.stream, &name).await.unwrap();
    assert_eq!(next_of(&mut deliveries).await, (2, 1));
    assert_eq!(next_of(&mut deliveries).await, (3, 1));
    assert_eq!(deliveries.next().await.unwrap().unwrap_err().kind(), ErrorKind::NotFound);
    assert!(deliveries.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn without_acks_what_is_held_is_settled() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(durable("c").with_ack(AckPolicy::None)).await;
    setup.fill(3).await;
    let mut deliveries = subscribe(&consumer, 10);
    drop(next(&mut deliveries).await);
    assert_eq!(counts(&setup).await, (0, 0));
    drop(deliveries);
    assert!(take(&consumer, 10).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_subscription_too_many_waits_until_there_is_room() {
    let config = pubsub_memory::MemoryConfig::default().with_max_waiting(1);
    let broker = pubsub_memory::MemoryServer::new(config).unwrap().connect();
    let setup = Setup::over(broker, stream()).await;
    let consumer = setup.consumer(durable("c")).await;
    let mut fetch = Box::pin(wait(&consumer, 1));
    assert!(futures::poll!(&mut fetch).is_pending());
    let mut deliveries = subscribe(&consumer, 10);
    let subscription = tokio::spawn(async move { next_of(&mut deliveries).await });
    tokio::task::yield_now().await;
    setup.fill(1).await;
    assert_eq!(sequences(&fetch.await), [1]);
    setup.fill(1).await;
    assert_eq!(subscription.await.unwrap(), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_ephemeral_consumer_stays_while_a_subscription_waits() {
    let setup = Setup::new(stream()).await;
    let consumer = setup.consumer(ConsumerConfig::ephemeral().with_name("c").unwrap()).await;
    let mut deliveries = subscribe(&consumer, 10);
    assert!(futures::poll!(deliveries.next()).is_pending());
    tokio::time::advance(3600 * SECOND).await;
    assert!(setup.consumer_info("c").await.is_ok());
    drop(deliveries);
    tokio::time::advance(6 * SECOND).await;
    assert!(setup.consumer_info("c").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn subscriptions_that_come_and_go_on_many_threads_lose_nothing() {
    const COUNT: usize = 2_000;
    let setup = Setup::new(stream()).await;
    let config = durable("c").with_max_deliver(Limit::Unlimited).with_max_ack_pending(50);
    setup.consumer(config).await;
    let settled = Arc::new(AtomicUsize::new(0));
    let mut workers = Vec::new();
    for worker in 1..=4 {
        let consumer = setup.open("c").await.unwrap();
        let settled = Arc::clone(&settled);
        workers.push(tokio::spawn(async move {
            while settled.load(Ordering::Relaxed) < COUNT {
                let mut deliveries = subscribe(&consumer, 8 * worker);
                for _ in 0..10 * worker {
                    // It waits in vain when the others have the rest.
                    let Ok(next) = timeout(SECOND / 100, deliveries.next()).await else { break };
                    next.unwrap().unwrap().ack_confirmed().await.unwrap();
                    settled.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
    }
    setup.fill(COUNT).await;
    for worker in workers {
        timeout(60 * SECOND, worker).await.unwrap().unwrap();
    }
    assert_eq!((settled.load(Ordering::Relaxed), counts(&setup).await), (COUNT, (0, 0)));
}
