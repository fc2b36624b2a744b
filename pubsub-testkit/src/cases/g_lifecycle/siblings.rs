//! One ends, the others go on; and nothing stays behind.

use pubsub_core::Capability;
use tokio::runtime::Handle;

use crate::check::{CaseResult, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, TestSubscription, Trial};

/// G11: of several subscriptions, on one handle, one connection and several, any may end, in any order; the others go on,
/// and the last one gets everything.
pub(crate) async fn go_on(trial: &Trial) -> CaseResult {
    const EACH: usize = 5;
    let stream = trial.stream().await?;
    let shared = trial.consumer(&stream, "shared").await?;
    let other = trial.consumer(&stream, "other").await?;
    let broker = trial.another_connection().await?;
    let elsewhere = trial.open(&broker, &shared).await?;
    let others = trial.open(&broker, &other).await?;

    // The first to begin is the first to end, then the last to begin, then a whole connection.
    let mut first = shared.subscribe(1);
    let mut second = shared.subscribe(1);
    let mut third = elsewhere.subscribe(1);
    let mut beside = others.subscribe(1);
    let mut handled = 0;
    trial.publish_many("a", 3 * EACH).await?;
    for subscription in [&mut first, &mut second, &mut third] {
        handled += one(trial, subscription).await?;
    }
    drop(first);
    handled += one(trial, &mut second).await?;
    handled += one(trial, &mut third).await?;
    one(trial, &mut beside).await?;
    drop(third);
    handled += one(trial, &mut second).await?;
    one(trial, &mut beside).await?;
    broker.close().await?;
    beside.ends().await?;
    handled += one(trial, &mut second).await?;
    drop(second);

    settle_all(trial, &shared, 3 * EACH - handled).await?;
    // And the sentinel of the others.
    settle_all(trial, &other, 3 * EACH - 2 + 1).await?;
    Ok(())
}

async fn one(trial: &Trial, subscription: &mut TestSubscription<'_>) -> CaseResult<usize> {
    subscription.next().await?.ack_confirmed_if_possible(trial).await?;
    Ok(1)
}

async fn settle_all(trial: &Trial, consumer: &TestConsumer<'_>, count: usize) -> CaseResult {
    for delivery in consumer.take(count).await? {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// G12: nothing stays behind: after subscriptions are dropped and connections closed, some times over, there are no more
/// tasks in this program, no more consumers on the stream and no more streams than before.
pub(crate) async fn leave_nothing_behind(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    // Once for what a backend makes on first use.
    let mut handled = use_everything(trial, &consumer).await?;
    let (tasks, consumers, streams) = (tasks(), consumers(trial, &consumer).await?, streams(trial).await?);
    for _ in 0..5 {
        handled += use_everything(trial, &consumer).await?;
    }
    trial.eventually("no more tasks are alive than before", || async { Ok(self::tasks() <= tasks) }).await?;
    check_eq!(self::consumers(trial, &consumer).await?, consumers, "the consumers afterwards");
    check_eq!(self::streams(trial).await?, streams, "the streams afterwards");
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, handled, "the messages afterwards");
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn consumers(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult<u64> {
    Ok(trial.admin()?.stream_info(consumer.stream()).await?.consumers)
}

/// How many there are in the store, if that can be told.
async fn streams(trial: &Trial) -> CaseResult<Option<usize>> {
    if !trial.has(Capability::List) {
        return Ok(None);
    }
    Ok(Some(trial.admin()?.list_streams().await?.len()))
}

/// A connection with a fetch, a dropped fetch, a subscription, a publish and their ends. Tells how many it has handled.
async fn use_everything(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult<u64> {
    let broker = trial.another_connection().await?;
    let worker = trial.open(&broker, consumer).await?;
    let waiting = worker.fetch(1, trial.patience());
    drop(futures::FutureExt::now_or_never(waiting));
    pubsub_core::PublisherExt::publish_message(broker.publisher().as_ref(), trial.message("a", "x")?).await?;
    let mut subscription = worker.subscribe(3);
    subscription.next().await?.ack_confirmed_if_possible(trial).await?;
    drop(subscription);
    broker.health().await;
    broker.close().await?;
    Ok(1)
}
