//! What must hold after a call was dropped.

use pubsub_core::{Capability, ErrorKind};
use tokio::time::Instant;

use super::scene::Scene;
use crate::check::{CaseResult, Failure};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// The connection works as before: whatever the call has left, a message can be published, and everything that is stored
/// comes and can be settled.
pub(super) async fn everything_goes_on(scene: &Scene<'_>) -> CaseResult {
    let trial = scene.trial;
    trial.in_time("what follows a dropped call", goes_on(scene)).await?
}

async fn goes_on(scene: &Scene<'_>) -> CaseResult {
    let Err(failure) = works(scene).await else {
        return Ok(());
    };
    // A deletion that was on its way when it was dropped is made at any time, once.
    if !is_gone(scene).await? {
        return Err(failure);
    }
    works(scene).await
}

async fn is_gone(scene: &Scene<'_>) -> CaseResult<bool> {
    let admin = scene.trial.admin()?;
    match admin.consumer_info(&scene.stream, scene.consumer.name()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        known => Ok(known.map(|_| false)?),
    }
}

async fn works(scene: &Scene<'_>) -> CaseResult {
    let trial = scene.trial;
    make_again_what_is_gone(scene).await?;
    trial.publish("a", "after the dropped call").await?;
    let consumer = trial.open(trial.broker(), &scene.consumer).await?;
    drain(trial, &consumer).await?;
    consumer.drained();
    Ok(())
}

/// A deletion that was dropped may have been made or not; both are right.
async fn make_again_what_is_gone(scene: &Scene<'_>) -> CaseResult {
    let trial = scene.trial;
    let admin = trial.admin()?;
    match admin.stream_info(&scene.stream).await {
        Err(error) if error.kind() == ErrorKind::NotFound => drop(trial.stream().await?),
        known => drop(known?),
    }
    match admin.consumer_info(&scene.stream, scene.consumer.name()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            admin.create_consumer(&scene.stream, trial.consumer_config("worker")?).await?;
        }
        known => {
            if known?.paused_until.is_some() && trial.has(Capability::Pause) {
                admin.resume_consumer(&scene.stream, scene.consumer.name()).await?;
            }
        }
    }
    Ok(())
}

/// Takes and acks until nothing is left: what was on its way to a dropped call comes again after its ack wait at the latest.
async fn drain(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult {
    let began = Instant::now();
    loop {
        for delivery in consumer.fetch(50, trial.ack_wait() / 5).await? {
            delivery.ack_confirmed_if_possible(trial).await?;
        }
        let info = consumer.info().await?;
        if info.pending == 0 && info.ack_pending == 0 {
            return Ok(());
        }
        if began.elapsed() > trial.ack_wait() * 10 {
            let (pending, unsettled) = (info.pending, info.ack_pending);
            return Err(Failure::new(format!(
                "{pending} messages are still to come and {unsettled} unsettled after ten ack waits"
            )));
        }
    }
}
