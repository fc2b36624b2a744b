//! Publishes that are tried again by the backend.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::PublishOptions;
use tokio::time::Instant;

use crate::cases::h_faults::one_publish;
use crate::check::{CaseResult, Failure, check, check_eq};
use crate::harness::StoreFault;
use crate::trial::Trial;

/// How much longer than its time a publish may take to give up.
const SLACK: Duration = Duration::from_secs(3);

/// A16: a publish whose outcome is not known is tried again under its message id until its time is over, and no longer; it
/// is stored once, however often it was tried, and its receipt comes when there is a way again.
pub(crate) async fn stops_at_its_limit(trial: &Trial) -> CaseResult {
    let faults = trial.faults(&[StoreFault::AnswersLost]).await?;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let broker = faults.connect().await?;
    let publisher = broker.publisher();
    let stored = async |count: u64| -> CaseResult<bool> {
        Ok(trial.admin()?.stream_info(&stream).await?.messages == count)
    };

    faults.inject(StoreFault::AnswersLost).await?;
    let (limit, began) = (Duration::from_secs(2), Instant::now());
    let options = PublishOptions::default().with_retry(true).with_timeout(limit);
    let message = trial.message("a", "unheard")?.with_id("unheard")?;
    let outcome = one_publish(publisher.as_ref(), message, options).await;
    let took = began.elapsed();
    let error = outcome.err().ok_or_else(|| Failure::new("a publish that nobody answered has a receipt"))?;
    check!(error.is_effect_unknown(), "it may be stored, and its error says that it is not: {error}");
    check!(took < limit + SLACK, "with a limit of {limit:?} it was tried for {took:?}");
    trial.eventually("the message is stored", || stored(1)).await?;

    let options = PublishOptions::default().with_retry(true).with_timeout(trial.patience());
    let message = trial.message("a", "heard later")?.with_id("heard later")?;
    let publishing = Arc::clone(&publisher);
    let heard = tokio::spawn(async move { one_publish(publishing.as_ref(), message, options).await });
    trial.eventually("the second message is stored", || stored(2)).await?;
    faults.heal().await?;
    let heard = trial.in_time("a publish that is tried again", heard).await?;
    let receipt = heard.map_err(|error| Failure::new(format!("the publish panicked: {error}")))??;
    check_eq!(receipt.sequence, Some(2), "the sequence that the receipt tells in the end");
    check!(stored(2).await?, "what was tried again is stored twice");
    consumer.take_and_ack(2).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
