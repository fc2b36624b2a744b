//! What one fetch returns, and when.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::FetchOptions;
use tokio::time::Instant;

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::trial::{TestConsumer, Trial};

/// D14: a fetch returns at once with what there is, takes no more than asked for, leaves the rest to the next one, waits
/// while there is nothing, and is empty at its deadline.
pub(crate) async fn returns_what_there_is(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish_many("a", 5).await?;

    let asked = Instant::now();
    let some = consumer.fetch(3, trial.patience()).await?;
    check_eq!(some.len(), 3, "a fetch of 3 with 5 there");
    let rest = consumer.fetch(10, trial.patience()).await?;
    check_eq!(rest.len(), 2, "a fetch of 10 with 2 there");
    check!(asked.elapsed() < trial.patience() / 2, "fetches with messages there took {:?}", asked.elapsed());
    for delivery in some.into_iter().chain(rest) {
        delivery.ack().await?;
    }
    empty_at_its_deadline(&consumer).await?;
    waits_for_the_first(trial, &consumer).await?;
    consumer.drained();
    Ok(())
}

async fn empty_at_its_deadline(consumer: &TestConsumer<'_>) -> CaseResult {
    let expires = Duration::from_millis(300);
    let asked = Instant::now();
    let nothing = consumer.fetch(10, expires).await?;
    let took = asked.elapsed();
    check!(nothing.is_empty(), "{} messages came that nobody published", nothing.len());
    check!(
        took + Duration::from_millis(5) >= expires,
        "an empty fetch returned after {took:?} instead of {expires:?}"
    );
    check!(took < expires * 10, "an empty fetch returned after {took:?} instead of {expires:?}");
    let at_once = consumer.fetch(10, Duration::ZERO).await?;
    check!(at_once.is_empty(), "{} messages came that nobody published", at_once.len());
    Ok(())
}

async fn waits_for_the_first(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult {
    let handle = Arc::clone(consumer.handle());
    let options = FetchOptions::up_to(10).with_expires(trial.patience());
    let waiting = tokio::spawn(async move { handle.fetch(options).await });
    // Without effect on the outcome: it only makes it likely that the fetch waits already.
    tokio::task::yield_now().await;
    trial.publish("a", "late").await?;
    let asked = Instant::now();
    let came = waiting.await.map_err(|error| Failure::new(format!("the fetch panicked: {error}")))??;
    check_eq!(came.len(), 1, "the messages of the fetch that waited");
    check!(
        asked.elapsed() < trial.patience() / 2,
        "the waiting fetch returned {:?} after the publish",
        asked.elapsed()
    );
    for delivery in came {
        delivery.ack().await?;
    }
    Ok(())
}
