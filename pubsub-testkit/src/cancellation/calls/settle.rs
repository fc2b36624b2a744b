use pubsub_core::Settlement;

use crate::cancellation::cut::Cut;
use crate::cancellation::scene::{MESSAGES, Scene};
use crate::check::{CaseResult, check_eq};

/// It is settled or not; if not, it comes again.
async fn settle(scene: &Scene<'_>, cut: &Cut, settlement: Settlement) -> CaseResult {
    let held = scene.held().await?;
    cut.short(held.settle(settlement)).await.transpose()?;
    Ok(())
}

pub(super) async fn ack(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    settle(scene, cut, Settlement::ack()).await
}

pub(super) async fn ack_confirmed(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    settle(scene, cut, Settlement::ack().confirmed()).await
}

pub(super) async fn nak(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    settle(scene, cut, Settlement::nak()).await
}

pub(super) async fn nak_after(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    settle(scene, cut, Settlement::nak_after(scene.brief())).await
}

pub(super) async fn term(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    settle(scene, cut, Settlement::term()).await
}

/// Its delivery still has its settlement.
pub(super) async fn extend(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let held = scene.held().await?;
    cut.short(held.extend()).await.transpose()?;
    Ok(held.ack().await?)
}

pub(super) async fn many(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let held = scene.consumer.take(MESSAGES).await?;
    if let Some(outcomes) = cut.short(scene.consumer.handle().settle_many(held, Settlement::ack())).await {
        check_eq!(outcomes.len(), MESSAGES, "the outcomes of several settlements");
        outcomes.into_iter().collect::<pubsub_core::Result<()>>()?;
    }
    Ok(())
}
