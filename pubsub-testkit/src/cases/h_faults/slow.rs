//! A store that answers late.

use std::time::Duration;

use futures::future::try_join_all;
use pubsub_core::PublishOptions;
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq};
use crate::harness::{Clock, StoreFault};
use crate::trial::{SettleSurely as _, Trial};

/// H7: a store that is slow slows down what waits for it and breaks nothing: publishes in flight wait together, each is
/// stored once, what comes is settled in its ack wait, and nothing comes again.
pub(crate) async fn breaks_nothing(trial: &Trial) -> CaseResult {
    const COUNT: u32 = 80;
    let delay = match trial.clock() {
        Clock::Virtual => Duration::from_secs(1),
        Clock::Real => Duration::from_millis(30),
    };
    let faults = trial.faults(&[StoreFault::Slow(delay)]).await?;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let broker = faults.connect().await?;
    let (publisher, worker) = (broker.publisher(), trial.open(&broker, &consumer).await?);
    faults.inject(StoreFault::Slow(delay)).await?;

    let began = Instant::now();
    let publishes =
        (0..COUNT).map(|number| {
            let (publisher, message) = (&publisher, trial.message("a", number.to_string()));
            async move {
                CaseResult::Ok(publisher.publish_with(message?, PublishOptions::default()).await?.await?)
            }
        });
    let receipts = try_join_all(publishes).await?;
    let took = began.elapsed();
    check!(took >= delay, "{COUNT} publishes took {took:?}, though the store is slow by {delay:?}");
    check!(took < delay * COUNT, "{COUNT} publishes waited for each other: {took:?}");
    check!(receipts.iter().all(|receipt| !receipt.is_duplicate()), "a publish was called a duplicate");

    // Of each batch, all settle at once.
    let mut left = receipts.len();
    while left > 0 {
        let batch = worker.fetch(left, trial.patience()).await?;
        check!(!batch.is_empty(), "{left} of {COUNT} messages did not come");
        left -= batch.len();
        for delivery in &batch {
            check_eq!(delivery.info().attempt, 1, "the attempt of what comes from a slow store");
        }
        try_join_all(batch.into_iter().map(|delivery| delivery.ack_confirmed_if_possible(trial))).await?;
    }
    faults.heal().await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
