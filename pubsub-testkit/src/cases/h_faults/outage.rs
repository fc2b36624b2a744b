//! A store that is gone for a while.

use std::time::Duration;

use futures::try_join;

use super::traffic::Traffic;
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
    const EACH: usize = 30;
    const COUNT: usize = EACH * 2;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let broker = faults.connect().await?;
    let (publisher, worker) = (broker.publisher(), trial.open(&broker, &consumer).await?);
    let mut subscription = worker.subscribe(10);
    let traffic = Traffic::new(trial);
    let harm = async {
        for to in [EACH, COUNT] {
            traffic.comes_near(to).await?;
            faults.inject(fault).await?;
            traffic.goes_on(to);
            traffic.is_under_way().await?;
            trial.pass(lasts).await;
            traffic.is_held_up(to)?;
            faults.heal().await?;
            traffic.has_handled(to).await?;
        }
        Ok(())
    };
    try_join!(
        traffic.publish_all(publisher.as_ref(), COUNT),
        traffic.handle_all(&mut subscription, COUNT),
        harm
    )?;
    drop(subscription);
    let stored = trial.admin()?.stream_info(&stream).await?.messages;
    check_eq!(stored, COUNT as u64, "the messages in the stream");
    consumer.drained();
    Ok(())
}
