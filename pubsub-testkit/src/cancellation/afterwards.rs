//! What must hold after a call was dropped.

use pubsub_core::{Error, ErrorKind};
use tokio::time::Instant;

use super::calls::Leaves;
use super::scene::Scene;
use crate::check::{CaseResult, Failure, check};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// The connection works as before: whatever the call has left, a message can be published, and everything that is stored
/// comes and can be settled.
pub(super) async fn everything_goes_on(scene: &Scene<'_>, leaves: Leaves) -> CaseResult {
    let trial = scene.trial;
    trial.in_time("what follows a dropped call", goes_on(scene, leaves)).await?
}

async fn goes_on(scene: &Scene<'_>, leaves: Leaves) -> CaseResult {
    let Err(failure) = works(scene, leaves).await else {
        return Ok(());
    };
    // A deletion that was on its way when it was dropped is made at any time, once.
    if leaves != Leaves::PerhapsNothing || !is_gone(scene).await? {
        return Err(failure);
    }
    works(scene, leaves).await
}

async fn is_gone(scene: &Scene<'_>) -> CaseResult<bool> {
    let admin = scene.trial.admin()?;
    match admin.consumer_info(&scene.stream, scene.consumer.name()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        known => Ok(known.map(|_| false)?),
    }
}

async fn works(scene: &Scene<'_>, leaves: Leaves) -> CaseResult {
    let trial = scene.trial;
    match leaves {
        Leaves::Everything => is_as_it_was(scene).await?,
        Leaves::PerhapsNothing => make_again_what_is_gone(scene).await?,
        Leaves::PerhapsPaused => {
            trial.admin()?.resume_consumer(&scene.stream, scene.consumer.name()).await?;
        }
    }
    trial.publish("a", "after the dropped call").await?;
    let consumer = trial.open(trial.broker(), &scene.consumer).await?;
    drain(trial, &consumer).await?;
    consumer.drained();
    Ok(())
}

/// Stream and consumer are there, and the consumer delivers.
async fn is_as_it_was(scene: &Scene<'_>) -> CaseResult {
    let admin = scene.trial.admin()?;
    let there = |error: Error, what: &str| Failure::from(error).while_doing(format!("look for {what}"));
    let stream = admin.stream_info(&scene.stream).await;
    stream.map_err(|error| there(error, "the stream, which the call was not to delete"))?;
    let consumer = admin.consumer_info(&scene.stream, scene.consumer.name()).await;
    let consumer =
        consumer.map_err(|error| there(error, "the consumer, which the call was not to delete"))?;
    check!(consumer.paused_until.is_none(), "the consumer is paused, which the call was not to do");
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
        known => drop(known?),
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
