//! The end of the process that consumes. To a backend that is the end of its runtime: from then on nothing is polled.

use pubsub_core::{ConsumerName, FetchOptions, StreamName};
use tokio::runtime::Builder;
use tokio::task::block_in_place;

use crate::check::{CaseResult, Failure, check_eq};
use crate::harness::Clock;
use crate::trial::Trial;

/// G15: an ack that was made right before a close holds, although the process ends as soon as the close has returned.
pub(crate) async fn last_ack_survives(trial: &Trial) -> CaseResult {
    const ROUNDS: usize = 5;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    for round in 1..=ROUNDS {
        trial.publish("a", round.to_string()).await?;
        match trial.clock() {
            // Another runtime would have another time.
            Clock::Virtual => one_life(trial, &stream, consumer.name()).await?,
            Clock::Real => block_in_place(|| on_a_runtime_that_ends(trial, &stream, consumer.name()))?,
        }
    }
    consumer.stays_silent("a").await?;
    check_eq!(consumer.info().await?.ack_pending, 0, "the messages that are not settled");
    consumer.drained();
    Ok(())
}

/// What one process does, from its start to the end of its `main`.
async fn one_life(trial: &Trial, stream: &StreamName, consumer: &ConsumerName) -> CaseResult {
    let broker = trial.another_connection().await?;
    let handle = broker.consumer(stream, consumer).await?;
    let came = handle.fetch(FetchOptions::up_to(1).with_expires(trial.patience())).await?.pop();
    came.ok_or_else(|| Failure::new("no message came"))?.ack().await?;
    Ok(broker.close().await?)
}

/// What the close has left to be done is not done any more.
fn on_a_runtime_that_ends(trial: &Trial, stream: &StreamName, consumer: &ConsumerName) -> CaseResult {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("no runtime: {error}")))?;
    let outcome = runtime.block_on(one_life(trial, stream, consumer));
    runtime.shutdown_background();
    outcome
}
