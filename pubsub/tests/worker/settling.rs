//! Settlements that fail or take long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use pubsub::worker::{Failure, RetryPolicy, Router, Worker};
use pubsub::{Client, ErrorKind};
use pubsub_testkit::fault_layer::{FaultLayer, SettleFault, When};

use crate::support::{binding, dead_letters, start, start_worker, until, until_settled};

fn failing_once(client: Client) -> Client {
    let fault = SettleFault::Fail(ErrorKind::Unavailable);
    client.with_layer(FaultLayer::from_seed(1).on_settle(When::first(1), fault))
}

fn counting(verdict: fn() -> Result<(), Failure>) -> (Router, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move || {
        counted.fetch_add(1, SeqCst);
        async move { verdict() }
    };
    (Router::new().route("ride.done", handler).expect("a route"), calls)
}

pub(crate) async fn an_ack_that_fails_is_made_again_when_the_message_comes_again(client: Client) {
    let client = failing_once(client);
    let (router, calls) = counting(|| Ok(()));
    client.publish("ride.done", "").await.expect("stored");
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((calls.load(SeqCst), outcome.unsettled), (1, 0));
    assert_eq!(outcome.done, 1);
}

pub(crate) async fn a_message_whose_end_fails_is_given_up_once(client: Client) {
    let client = failing_once(client);
    let (router, calls) = counting(|| Err(Failure::reject("no")));
    client.publish("ride.done", "").await.expect("stored");
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((calls.load(SeqCst), outcome.dead_lettered), (1, 1));
    assert_eq!(dead_letters(&client).await.len(), 1);
}

/// None of the settlements ends, and still every handler runs, and the worker stops.
pub(crate) async fn slow_settlements_hold_up_nothing(client: Client) {
    let never = SettleFault::Delay(Duration::from_secs(86_400));
    let client = client.with_layer(FaultLayer::from_seed(1).on_settle(When::always(), never));
    let (router, calls) = counting(|| Err(Failure::retry("no")));
    for _ in 0..12 {
        client.publish("ride.done", "").await.expect("stored");
    }
    let retry = RetryPolicy::default().with_first_delay(Duration::from_secs(60)).without_jitter();
    let worker = Worker::new(client.clone()).bind(binding(router).with_retry(retry).with_concurrency(1));
    let worker = start_worker(worker.with_drain(Duration::from_millis(100)));
    until("all have failed once", async || calls.load(SeqCst) == 12).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.retried, outcome.done), (12, 0));
}
