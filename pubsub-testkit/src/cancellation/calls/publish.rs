use pubsub_core::{PublishOptions, PublisherExt as _};

use crate::cancellation::cut::Cut;
use crate::cancellation::scene::{MESSAGES, Scene};
use crate::check::{CaseResult, check, check_eq};

const BEFORE: u64 = MESSAGES as u64;

pub(super) async fn publish_with(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let message = scene.trial.message("a", "dropped")?;
    let call = scene.trial.publisher().publish_with(message, PublishOptions::default());
    let Some(pending) = cut.short(call).await else {
        return scene.holds_one_of(&[BEFORE, BEFORE + 1]).await;
    };
    let receipt = pending?.await?;
    check!(receipt.sequence == Some(BEFORE + 1), "it was stored as {:?}", receipt.sequence);
    scene.holds_one_of(&[BEFORE + 1]).await
}

/// Dropping a receipt does not take the publish back.
pub(super) async fn receipt(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let message = scene.trial.message("a", "its receipt is dropped")?;
    let receipt = scene.trial.publisher().publish_with(message, PublishOptions::default()).await?;
    cut.short(receipt).await.transpose()?;
    scene.trial.publisher().flush().await?;
    scene.holds_one_of(&[BEFORE + 1]).await
}

pub(super) async fn publish_batch(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let messages = (0..3).map(|number| scene.trial.message("a", format!("{number} of a dropped batch")));
    let messages = messages.collect::<CaseResult<Vec<_>>>()?;
    let call = scene.trial.publisher().publish_batch(messages, PublishOptions::default());
    let Some(outcomes) = cut.short(call).await else {
        return scene.holds_one_of(&[BEFORE, BEFORE + 1, BEFORE + 2, BEFORE + 3]).await;
    };
    check_eq!(outcomes.len(), 3, "the outcomes of a batch");
    for (sequence, pending) in (BEFORE + 1..).zip(outcomes) {
        let receipt = pending?.await?;
        check!(receipt.sequence == Some(sequence), "{sequence} was stored as {:?}", receipt.sequence);
    }
    scene.holds_one_of(&[BEFORE + 3]).await
}

/// In a stream of its own, which allows it: all or nothing.
pub(super) async fn publish_atomic(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let trial = scene.trial;
    let admin = trial.admin()?;
    let mut config = admin.stream_info(&scene.stream).await?.config;
    config.allow_atomic_batches = true;
    admin.update_stream(config).await?;
    let messages = (0..3).map(|number| trial.message("a", format!("{number} of a dropped batch")));
    let messages = messages.collect::<CaseResult<Vec<_>>>()?;
    match cut.short(trial.publisher().publish_atomic(messages, PublishOptions::default())).await {
        None => scene.holds_one_of(&[BEFORE, BEFORE + 3]).await,
        Some(outcome) => {
            outcome?;
            scene.holds_one_of(&[BEFORE + 3]).await
        }
    }
}

pub(super) async fn flush(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let message = scene.trial.message("a", "before a dropped flush")?;
    let receipt = scene.trial.publisher().publish_with(message, PublishOptions::default()).await?;
    cut.short(scene.trial.publisher().flush()).await.transpose()?;
    receipt.await?;
    scene.holds_one_of(&[BEFORE + 1]).await
}

/// With an id, a publish whose outcome is unknown can be made again, and is stored once.
pub(super) async fn with_an_id(scene: &Scene<'_>, cut: &Cut) -> CaseResult {
    let message = scene.trial.message("a", "dropped and said again")?.with_id("once")?;
    cut.short(scene.trial.publisher().publish_message(message.clone())).await.transpose()?;
    let receipt = scene.trial.publisher().publish_message(message).await?;
    check!(receipt.sequence == Some(BEFORE + 1), "it was stored as {:?}", receipt.sequence);
    scene.holds_one_of(&[BEFORE + 1]).await
}
