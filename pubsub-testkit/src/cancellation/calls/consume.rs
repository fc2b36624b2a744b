use std::sync::Arc;

use futures::StreamExt as _;
use pubsub_core::SubscribeOptions;

use crate::cancellation::cut::Cut;
use crate::cancellation::scene::{MESSAGES, Scene};
use crate::check::{CaseResult, Failure, check};

/// What it has given is settled; what was on its way comes again.
pub(super) async fn fetch(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    if let Some(batch) = cut.short(scene.consumer.handle().fetch(scene.greedy())).await {
        let batch = batch?;
        check!(!batch.is_empty(), "a fetch found nothing of {MESSAGES} messages");
        for delivery in batch {
            delivery.ack().await?;
        }
    }
    Ok(())
}

pub(super) async fn fetch_of_nothing(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    scene.consumer.take_and_ack(MESSAGES).await?;
    if let Some(batch) = cut.short(scene.consumer.handle().fetch(scene.greedy())).await {
        check!(batch?.is_empty(), "a fetch found something where there is nothing");
    }
    Ok(())
}

pub(super) async fn next(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let mut deliveries =
        Arc::clone(scene.consumer.handle()).subscribe(SubscribeOptions::default().with_buffer(2));
    if let Some(next) = cut.short(deliveries.next()).await {
        next.ok_or_else(ended)??.ack().await?;
    }
    Ok(())
}

fn ended() -> Failure {
    Failure::new("the subscription has ended")
}

/// The subscription itself lives on: its next item comes after one that was not waited for.
pub(super) async fn next_of_nothing(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let trial = scene.trial;
    scene.consumer.take_and_ack(MESSAGES).await?;
    let mut deliveries =
        Arc::clone(scene.consumer.handle()).subscribe(SubscribeOptions::default().with_buffer(2));
    let waiting = tokio::time::timeout(scene.brief(), deliveries.next());
    if let Some(Ok(next)) = cut.short(waiting).await {
        let delivery = next.ok_or_else(ended)??;
        return Err(Failure::new(format!("{delivery:?} came where there is nothing")));
    }
    trial.publish("a", "after a dropped wait").await?;
    let next = trial.in_time("the next item after a dropped wait", deliveries.next()).await?;
    Ok(next.ok_or_else(ended)??.ack().await?)
}

pub(super) async fn info(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    cut.short(scene.consumer.handle().info()).await.transpose()?;
    Ok(())
}
