//! Settling somewhere else than where the message came.

use std::sync::Arc;

use pubsub_core::{Delivery, PublisherExt as _, counters};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::check::{CaseResult, Failure, check, check_eq, text};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// B10: a handler that is cancelled settles nothing: what its task held is neither acked nor nakked by it, and comes
/// again after its ack wait.
pub(crate) async fn cancelled_handler_settles_nothing(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish("a", "half done").await?;
    let delivery = consumer.next().await?;
    let before = counters::abandoned_deliveries();
    let (begun, has_begun) = oneshot::channel();
    let handler = tokio::spawn(async move {
        let _ = begun.send(());
        std::future::pending::<()>().await;
        delivery.ack().await
    });
    has_begun.await.map_err(|_| Failure::new("the handler did not begin"))?;
    handler.abort();
    check!(handler.await.is_err_and(|ended| ended.is_cancelled()), "the handler was not cancelled");
    check!(counters::abandoned_deliveries() > before, "what the cancelled handler held was not counted");

    let info = consumer.info().await?;
    check_eq!((info.ack_pending, info.pending), (1, 0), "ack pending and pending after the cancellation");
    let again = consumer.next().await?;
    check_eq!(
        (again.info().stream_sequence, again.info().attempt),
        (1, 2),
        "what comes after the cancellation"
    );
    again.ack().await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// B16: a delivery can be settled by another task, by another thread, and after its subscription is gone.
pub(crate) async fn other_task_and_thread(trial: &Trial) -> CaseResult {
    const COUNT: usize = 4;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", COUNT).await?;
    let mut subscription = consumer.subscribe(COUNT);
    let mut held = subscription.take(COUNT).await?.into_iter();
    let mut next = || held.next().ok_or_else(|| Failure::new("no delivery is left"));

    let (by_task, by_thread, before_the_end, afterwards) = (next()?, next()?, next()?, next()?);
    joined(tokio::spawn(async move { by_task.ack().await }).await)??;
    let runtime = Handle::current();
    joined(tokio::task::spawn_blocking(move || runtime.block_on(by_thread.ack())).await)??;
    before_the_end.ack_confirmed_if_possible(trial).await?;
    drop(subscription);
    afterwards.ack_confirmed_if_possible(trial).await?;

    consumer.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// B18: a publish, a fetch, a subscription and their settlements that are made on a runtime which stops right afterwards
/// hold, and the connection goes on working on its own runtime and on the next foreign one.
pub(crate) async fn runtime_that_stops(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    for round in 0..3 {
        trial.publish("a", format!("to be fetched {round}")).await?;
        on_a_foreign_runtime(trial, &consumer).await?;
        consumer
            .eventually("what the foreign runtime settled is settled", |info| info.ack_pending == 0)
            .await?;
        trial.publish("a", format!("at home {round}")).await?;
        let home = consumer.next().await?;
        // Its attempt may be the second: the first went to the subscription that is gone.
        check_eq!(text(home.payload()), format!("at home {round}"), "what comes at home");
        home.ack().await?;
    }
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, 9, "the messages in the stream");
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// Fetches one message, publishes another, takes it by a subscription, and settles both.
async fn on_a_foreign_runtime(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult {
    let (publisher, handle) = (Arc::clone(trial.publisher()), Arc::clone(consumer.handle()));
    let (message, patience) = (trial.message("a", "from elsewhere")?, trial.patience());
    let confirm = trial.has(pubsub_core::Capability::ConfirmedSettlement);
    let settled = move |delivery: Delivery| async move {
        if confirm { delivery.ack_confirmed().await } else { delivery.ack().await }
    };
    let work = async move {
        let options = pubsub_core::FetchOptions::up_to(1).with_expires(patience);
        let fetched = handle.fetch(options).await?.pop();
        settled(fetched.ok_or_else(|| Failure::new("a fetch on a foreign runtime got nothing"))?).await?;
        publisher.publish_message(message).await?;
        let mut subscription = Arc::clone(&handle).subscribe(pubsub_core::SubscribeOptions::default());
        let next = futures::StreamExt::next(&mut subscription).await;
        let next = next.ok_or_else(|| Failure::new("a subscription on a foreign runtime ended"))??;
        settled(next).await?;
        CaseResult::Ok(())
    };
    let elsewhere = move || -> CaseResult {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::new(format!("no runtime: {error}")))?;
        runtime.block_on(work)
    };
    joined(tokio::task::spawn_blocking(elsewhere).await)?
}

fn joined<T>(outcome: Result<T, tokio::task::JoinError>) -> CaseResult<T> {
    outcome.map_err(|error| Failure::new(format!("a task or thread panicked: {error}")))
}
