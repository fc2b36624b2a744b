use std::sync::Arc;

use futures::StreamExt as _;
use pubsub_core::SubscribeOptions;

use crate::cancellation::cut::Cut;
use crate::cancellation::scene::Scene;
use crate::check::CaseResult;

/// What it has given is settled; what was on its way comes again.
pub(super) async fn fetch(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    for delivery in
        cut.short(scene.consumer.handle().fetch(scene.greedy())).await.transpose()?.unwrap_or_default()
    {
        delivery.ack().await?;
    }
    Ok(())
}

pub(super) async fn fetch_of_nothing(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    scene.consumer.take_and_ack(crate::cancellation::scene::MESSAGES).await?;
    fetch(scene, cut).await
}

pub(super) async fn next(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let mut deliveries =
        Arc::clone(scene.consumer.handle()).subscribe(SubscribeOptions::default().with_buffer(2));
    if let Some(Some(next)) = cut.short(deliveries.next()).await {
        next?.ack().await?;
    }
    Ok(())
}

/// The subscription itself lives on: its next item comes after one that was not waited for.
pub(super) async fn next_of_nothing(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let trial = scene.trial;
    scene.consumer.take_and_ack(crate::cancellation::scene::MESSAGES).await?;
    let mut deliveries =
        Arc::clone(scene.consumer.handle()).subscribe(SubscribeOptions::default().with_buffer(2));
    let waiting = tokio::time::timeout(scene.brief(), deliveries.next());
    if let Some(Ok(Some(next))) = cut.short(waiting).await {
        next?.ack().await?;
    }
    trial.publish("a", "after a dropped wait").await?;
    let next = trial.in_time("the next item after a dropped wait", deliveries.next()).await?;
    if let Some(next) = next {
        next?.ack().await?;
    }
    Ok(())
}

pub(super) async fn info(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.consumer.handle().info()).await.transpose()?;
    Ok(())
}
