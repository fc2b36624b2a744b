//! An ack whose confirmation is lost.

use crate::check::{CaseResult, Failure, check};
use crate::harness::StoreFault;
use crate::trial::Trial;

/// B14: an ack that has reached the broker before the connection was cut holds, though its confirmation is lost: it is
/// confirmed after all, or its effect is called unknown; and the message does not come again.
pub(crate) async fn cut_before_the_confirmation(trial: &Trial) -> CaseResult {
    let faults = trial.faults(&[StoreFault::AnswersLost]).await?;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let broker = faults.connect().await?;
    let worker = trial.open(&broker, &consumer).await?;
    trial.publish("a", "x").await?;
    let delivery = worker.next().await?;

    faults.inject(StoreFault::AnswersLost).await?;
    let settling = tokio::spawn(async move { delivery.ack_confirmed().await });
    // Seen over a connection that hears.
    consumer.eventually("the ack has arrived", |info| info.ack_pending == 0).await?;
    faults.heal().await?;
    let outcome = trial.in_time("a confirmed ack whose answer is lost", settling).await?;
    let outcome = outcome.map_err(|error| Failure::new(format!("the ack panicked: {error}")))?;
    if let Err(error) = outcome {
        check!(error.is_effect_unknown(), "the ack holds, and its error says that it does not: {error}");
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
