//! Looks at the counters between rounds, until the model can explain them.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::check::CaseResult;
use crate::model::Explainer;
use crate::trial::{TestConsumer, Trial};

/// How long it is until the next look, at first.
const POLL: Duration = Duration::from_millis(2);

/// How far they may lag behind.
const LAG: Duration = Duration::from_secs(5);

/// Follows the history, and looks at all counters. They may lag behind, so that what does not fit is looked at again. Says
/// whether everything is explained: what is not is for the judge to tell.
pub(super) async fn follow(
    trial: &Trial,
    explainer: &mut Explainer,
    consumers: &[TestConsumer<'_>],
) -> CaseResult<bool> {
    if explainer.explain(&trial.history().events()).is_err() {
        return Ok(false);
    }
    let (began, mut poll) = (Instant::now(), POLL);
    loop {
        look(trial, consumers).await?;
        let mut next = explainer.clone();
        if next.explain(&trial.history().events()).is_ok() {
            *explainer = next;
            return Ok(true);
        }
        if began.elapsed() > LAG {
            return Ok(false);
        }
        sleep(poll).await;
        poll = (poll * 2).min(Duration::from_millis(200));
    }
}

async fn look(trial: &Trial, consumers: &[TestConsumer<'_>]) -> CaseResult {
    let admin = trial.admin()?;
    for consumer in consumers {
        admin.consumer_info(consumer.stream(), consumer.name()).await?;
    }
    if let Some(consumer) = consumers.first() {
        admin.stream_info(consumer.stream()).await?;
    }
    Ok(())
}
