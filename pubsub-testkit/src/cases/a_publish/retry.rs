//! Publishes that are tried again by the backend.

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{PublishOptions, Publisher, Receipt, StreamName};
use tokio::time::Instant;

use crate::cases::h_faults::one_publish;
use crate::check::{CaseResult, Failure, check, check_eq};
use crate::harness::{Clock, StoreFault};
use crate::trial::{Faults, Trial};

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

    faults.inject(StoreFault::AnswersLost).await?;
    let (limit, began) = (Duration::from_secs(2), Instant::now());
    let options = PublishOptions::default().with_retry(true).with_timeout(limit);
    let message = trial.message("a", "unheard")?.with_id("unheard")?;
    let outcome = one_publish(publisher.as_ref(), message, options).await;
    let took = began.elapsed();
    let error = outcome.err().ok_or_else(|| Failure::new("a publish that nobody answered has a receipt"))?;
    check!(error.is_effect_unknown(), "it may be stored, and its error says that it is not: {error}");
    check!(took < limit + SLACK + trial.slack(), "with a limit of {limit:?} it was tried for {took:?}");
    trial.eventually("the message is stored", || is_stored(trial, &stream, 1)).await?;

    let second = match trial.clock() {
        // Without a wire no answer is on its way that could come later.
        Clock::Virtual => {
            faults.heal().await?;
            trial.publish("a", "heard").await?
        }
        Clock::Real => heard_later(trial, &faults, &publisher, &stream).await?,
    };
    check_eq!(second.sequence, Some(2), "the sequence that the second receipt tells");
    check!(is_stored(trial, &stream, 2).await?, "what was tried again is stored twice");
    consumer.take_and_ack(2).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

async fn is_stored(trial: &Trial, stream: &StreamName, count: u64) -> CaseResult<bool> {
    Ok(trial.admin()?.stream_info(stream).await?.messages == count)
}

/// A publish whose receipt comes only when there is a way again.
async fn heard_later(
    trial: &Trial,
    faults: &Faults<'_>,
    publisher: &Arc<dyn Publisher>,
    stream: &StreamName,
) -> CaseResult<Receipt> {
    let options = PublishOptions::default().with_retry(true).with_timeout(trial.patience());
    let message = trial.message("a", "heard later")?.with_id("heard later")?;
    let publisher = Arc::clone(publisher);
    let heard = tokio::spawn(async move { one_publish(publisher.as_ref(), message, options).await });
    trial.eventually("the second message is stored", || is_stored(trial, stream, 2)).await?;
    faults.heal().await?;
    let heard = trial.in_time("a publish that is tried again", heard).await?;
    Ok(heard.map_err(|error| Failure::new(format!("the publish panicked: {error}")))??)
}
