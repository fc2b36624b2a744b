use pubsub_core::{
    CoreSubscribeOptions, ErrorKind, HealthState, OutboundMessage, PublishOptions, SubjectFilter,
};

use crate::cancellation::cut::Cut;
use crate::cancellation::scene::Scene;
use crate::check::{CaseResult, check_eq, refused_as};

pub(super) async fn consumer(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let handle = cut.short(scene.trial.broker().consumer(&scene.stream, scene.consumer.name())).await;
    drop(handle.transpose()?);
    Ok(())
}

pub(super) async fn health(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    if let Some(health) = cut.short(scene.trial.broker().health()).await {
        check_eq!(health.state, HealthState::Healthy, "the health of the connection ({:?})", health.reasons);
    }
    Ok(())
}

/// Of a connection of its own, which is used until then; what it holds comes to others, and to close it again ends.
pub(super) async fn close(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let trial = scene.trial;
    let broker = trial.another_connection().await?;
    let worker = trial.open(&broker, &scene.consumer).await?;
    let mut subscription = worker.subscribe(2);
    let held = subscription.next().await?;
    let message = trial.message("a", "before a dropped close")?;
    drop(broker.publisher().publish_with(message, PublishOptions::default()).await?);
    cut.short(broker.close()).await.transpose()?;
    trial.in_time("a close after a dropped one", broker.close()).await??;
    drop((subscription, held));
    Ok(())
}

pub(super) async fn say(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let core = scene.trial.core()?;
    cut.short(core.publish(scene.trial.message("b", "said and dropped")?)).await.transpose()?;
    Ok(core.flush().await?)
}

pub(super) async fn listen(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let core = scene.trial.core()?;
    let options = CoreSubscribeOptions::default();
    drop(cut.short(core.subscribe(scene.trial.filter("b")?, options)).await.transpose()?);
    Ok(core.flush().await?)
}

/// To somebody who listens and never answers, beside the scene's stream, which would.
pub(super) async fn request(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let core = scene.trial.core()?;
    let beside = format!("{}.asked", scene.stream);
    let listens =
        core.subscribe(SubjectFilter::new(beside.as_str())?, CoreSubscribeOptions::default()).await?;
    core.flush().await?;
    let message = OutboundMessage::new(beside, "no answer comes")?;
    if let Some(outcome) = cut.short(core.request(message, scene.brief())).await {
        refused_as(outcome, ErrorKind::Timeout, None, "a request that nobody answers")?;
    }
    drop(listens);
    Ok(core.flush().await?)
}

pub(super) async fn flush(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.trial.core()?.flush()).await.transpose()?;
    Ok(())
}
