//! Generated sequences of commands, judged by the model of stream and consumer.

use crate::check::CaseResult;
use crate::model::{Profile, search};
use crate::trial::Trial;

/// M21: whatever one client does, one thing after the other, comes out as the model allows.
pub(crate) async fn one_client(trial: &Trial) -> CaseResult {
    search(trial, Profile::Alone).await
}

/// M22: whatever several clients do at the same time, there is an order of it that the model allows.
pub(crate) async fn several_clients(trial: &Trial) -> CaseResult {
    search(trial, Profile::Together).await
}

/// M23: the same on streams that let messages go: by a limit, by interest, or as a work queue.
pub(crate) async fn retained(trial: &Trial) -> CaseResult {
    search(trial, Profile::Retained).await
}

/// M24: the same while the store is cut off, silent, slow, or resets its connections: what has no answer has had its effect
/// or not, once, and everything that is certain stays so.
pub(crate) async fn faulted(trial: &Trial) -> CaseResult {
    // Skips the case where there are none.
    trial.faults(&[]).await?;
    search(trial, Profile::Faulted).await
}
