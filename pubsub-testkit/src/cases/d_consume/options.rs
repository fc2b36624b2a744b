//! What one call asks for.

use std::time::Duration;

use pubsub_core::{ConsumerConfig, Delivery, FetchOptions, OnDrop, SubscribeOptions};
use tokio::time::Instant;

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::harness::Clock;
use crate::trial::{TestConsumer, Trial};

/// How soon a dropped message comes again where the call asks for it.
const SOON: Duration = Duration::from_millis(50);

/// D13: the options of a fetch or a subscription hold for it alone: the next one, and another one at the same time on the
/// same handle, has its own, and what it does not set is the default.
pub(crate) async fn hold_for_one_call(trial: &Trial) -> CaseResult {
    let ack_wait = match trial.clock() {
        Clock::Virtual => Duration::from_secs(30),
        Clock::Real => Duration::from_secs(2),
    };
    let stream = trial.stream().await?;
    let config: ConsumerConfig = trial.consumer_config("worker")?.with_ack_wait(ack_wait);
    let worker = trial.create_consumer(&stream, config).await?;
    let early = OnDrop::NakAfter(SOON);

    trial.publish("a", "dropped twice").await?;
    let began = Instant::now();
    drop(fetch(trial, &worker, early).await?);
    let again = fetch(trial, &worker, OnDrop::default()).await?;
    let waited = began.elapsed();
    check_eq!(again.info().attempt, 2, "the attempt after a drop that naks");
    check!(waited < ack_wait, "a message whose fetch asked for it after {SOON:?} came after {waited:?}");
    // This fetch has asked for nothing: the judge sees that its ack wait is kept.
    drop(again);
    let last = fetch(trial, &worker, early).await?;
    check_eq!(last.info().attempt, 3, "the attempt after a drop that waits");
    last.ack().await?;

    two_subscriptions(trial, &worker, early, ack_wait).await?;
    worker.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    worker.drained();
    Ok(())
}

async fn fetch(trial: &Trial, worker: &TestConsumer<'_>, on_drop: OnDrop) -> CaseResult<Delivery> {
    let options = FetchOptions::up_to(1).with_expires(trial.patience()).with_on_drop(on_drop);
    let came = worker.handle().fetch(options).await?.pop();
    came.ok_or_else(|| Failure::new("no message came"))
}

async fn two_subscriptions(
    trial: &Trial,
    worker: &TestConsumer<'_>,
    early: OnDrop,
    ack_wait: Duration,
) -> CaseResult {
    let mut naks = worker.subscribe_with(SubscribeOptions::default().with_buffer(1).with_on_drop(early));
    trial.publish("a", "dropped once").await?;
    let began = Instant::now();
    drop(naks.next().await?);
    let again = naks.next().await?;
    let waited = began.elapsed();
    check_eq!(again.info().attempt, 2, "the attempt after a drop that naks");
    check!(
        waited < ack_wait,
        "a message whose subscription asked for it after {SOON:?} came after {waited:?}"
    );
    again.ack().await?;
    drop(naks);

    let mut waits = worker.subscribe(1);
    trial.publish("a", "dropped at last").await?;
    let first = waits.next().await?;
    let (attempt, began) = (first.info().attempt, Instant::now());
    drop(first);
    let again = waits.next().await?;
    let waited = began.elapsed();
    check_eq!(again.info().attempt, attempt + 1, "the attempt after a drop that waits");
    let least = ack_wait - ack_wait / 4;
    check!(waited >= least, "a message whose subscription asked for nothing came after {waited:?}");
    again.ack().await?;
    Ok(())
}
