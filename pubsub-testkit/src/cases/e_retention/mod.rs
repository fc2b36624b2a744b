//! E. Retention, deduplication, time.

pub(crate) mod dedup;
pub(crate) mod interest;
pub(crate) mod limits;
pub(crate) mod purge;
pub(crate) mod replay;
pub(crate) mod schedule;
pub(crate) mod time_to_live;
pub(crate) mod work_queue;

use pubsub_core::StreamName;

use crate::check::{CaseResult, check_eq};
use crate::trial::Trial;

/// The stream holds so many messages now.
async fn holds(trial: &Trial, stream: &StreamName, messages: u64) -> CaseResult {
    let info = trial.admin()?.stream_info(stream).await?;
    check_eq!(info.messages, messages, "the messages that are kept");
    Ok(())
}

/// The stream holds so many messages, as soon as the settlement before has had its effect.
async fn comes_to_hold(trial: &Trial, stream: &StreamName, messages: u64) -> CaseResult {
    let admin = trial.admin()?;
    let held = || async { Ok(admin.stream_info(stream).await?.messages == messages) };
    trial.eventually(&format!("the stream holds {messages} messages"), held).await
}
