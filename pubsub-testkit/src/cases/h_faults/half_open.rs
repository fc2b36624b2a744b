//! A connection of which one half is gone.

use std::time::Duration;

use pubsub_core::HealthState;
use tokio::time::{Instant, sleep, timeout};

use super::load::ack;
use crate::check::{CaseResult, Failure, check};
use crate::harness::{Clock, StoreFault};
use crate::trial::Trial;

/// The most time until the silence of a connection is noticed: two heartbeats of 5 s, and what a busy machine adds.
const NOTICED: Duration = Duration::from_secs(20);

/// H3: a connection on which nothing comes back any more is noticed, although it stays open: its health says so, or what
/// is asked of it fails. Once there is a way again, messages are asked for anew and come.
pub(crate) async fn is_noticed(trial: &Trial) -> CaseResult {
    if trial.clock() == Clock::Virtual {
        return Err(Failure::skip("needs a wire that can be half open, and there is none on virtual time"));
    }
    let faults = trial.faults(&[StoreFault::AnswersLost]).await?;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let broker = faults.connect().await?;
    let worker = trial.open(&broker, &consumer).await?;
    let mut subscription = worker.subscribe(4);
    trial.publish("a", "before").await?;
    ack(trial, subscription.next().await?).await?;

    faults.inject(StoreFault::AnswersLost).await?;
    trial.publish("a", "meanwhile").await?;
    let (began, noticed) = (Instant::now(), Duration::from_millis(100));
    while broker.health().await.state == HealthState::Healthy {
        check!(
            began.elapsed() < NOTICED,
            "after {NOTICED:?} of silence the connection still calls itself healthy"
        );
        sleep(noticed).await;
    }
    faults.heal().await?;
    let again = timeout(NOTICED, subscription.next_despite_faults()).await;
    let again = again.map_err(|_| Failure::new("nothing came within 20 s after there was a way again"))??;
    ack(trial, again).await?;
    drop(subscription);
    Ok(())
}
