//! What a listener to plain messages hears, waited for.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{CoreMessage, CoreMessaging, Error, Result};

use super::Trial;
use crate::check::{CaseResult, Failure};

/// The next item, whatever it is.
pub(crate) async fn item(
    trial: &Trial,
    heard: &mut BoxStream<'static, Result<CoreMessage>>,
) -> CaseResult<Option<Result<CoreMessage>>> {
    trial.in_time("the next plain message", heard.next()).await
}

/// The next message.
pub(crate) async fn next(
    trial: &Trial,
    heard: &mut BoxStream<'static, Result<CoreMessage>>,
) -> CaseResult<CoreMessage> {
    let item = item(trial, heard).await?;
    Ok(item.ok_or_else(|| Failure::new("the listening has ended"))??)
}

/// The next item, which has to be an error.
pub(crate) async fn fails(
    trial: &Trial,
    heard: &mut BoxStream<'static, Result<CoreMessage>>,
) -> CaseResult<Error> {
    match item(trial, heard).await? {
        Some(Err(error)) => Ok(error),
        other => Err(Failure::new(format!("{other:?} was heard instead of an error"))),
    }
}

impl Trial {
    /// Plain messaging over the case's connection.
    pub(crate) fn core(&self) -> CaseResult<std::sync::Arc<dyn CoreMessaging>> {
        self.broker().core().ok_or_else(|| Failure::new("the backend has no CoreMessaging any more"))
    }
}
