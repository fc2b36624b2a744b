//! A store that is gone for a while.

use std::time::Duration;

use futures::try_join;

use super::load::{Handled, handle_all, handled_are, publish_all};
use crate::check::{CaseResult, check_eq};
use crate::harness::{Clock, StoreFault};
use crate::trial::{Faults, Trial};

/// H1: a store that crashes twice under load loses nothing that it has confirmed, stores nothing twice, and both
/// publisher and subscription go on by themselves each time.
pub(crate) async fn crashes_lose_nothing(trial: &Trial) -> CaseResult {
    let faults = trial.faults(&[StoreFault::Crash]).await?;
    under_load(trial, &faults, StoreFault::Crash, Duration::ZERO).await
}

/// H2: a network that is cut for long loses nothing that was confirmed and stores nothing twice; what was to be published
/// meanwhile is published when it is back, and what was on its way comes again.
pub(crate) async fn cuts_lose_nothing(trial: &Trial) -> CaseResult {
    let faults = trial.faults(&[StoreFault::Cut]).await?;
    let lasts = match trial.clock() {
        Clock::Virtual => Duration::from_secs(90),
        Clock::Real => trial.ack_wait() * 2,
    };
    under_load(trial, &faults, StoreFault::Cut, lasts).await
}

/// Twice, while one publishes and another consumes.
async fn under_load(trial: &Trial, faults: &Faults<'_>, fault: StoreFault, lasts: Duration) -> CaseResult {
    const COUNT: usize = 90;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let broker = faults.connect().await?;
    let (publisher, worker) = (broker.publisher(), trial.open(&broker, &consumer).await?);
    let mut subscription = worker.subscribe(10);
    let handled = Handled::default();
    let harm = async {
        for round in 1..=2 {
            handled_are(trial, &handled, round * COUNT / 3).await?;
            faults.inject(fault).await?;
            trial.pass(lasts).await;
            faults.heal().await?;
        }
        Ok(())
    };
    try_join!(
        publish_all(trial, publisher.as_ref(), COUNT),
        handle_all(trial, &mut subscription, &handled, COUNT),
        harm
    )?;
    drop(subscription);
    let stored = trial.admin()?.stream_info(&stream).await?.messages;
    check_eq!(stored, COUNT as u64, "the messages in the stream");
    consumer.drained();
    Ok(())
}
