//! Publishing and settling despite what happens to the store.

use std::time::Duration;

use pubsub_core::{Delivery, Error, OutboundMessage, PublishOptions, Publisher, Receipt, Result, Retry};
use tokio::time::timeout;

use crate::check::{CaseResult, Failure};
use crate::harness::Clock;
use crate::trial::Trial;

/// How long one try of a publish waits for its receipt.
fn one_try(trial: &Trial) -> Duration {
    match trial.clock() {
        Clock::Virtual => Duration::from_secs(5),
        Clock::Real => Duration::from_millis(500),
    }
}

/// How long it is until the next try.
fn between_tries(trial: &Trial) -> Duration {
    match trial.clock() {
        Clock::Virtual => Duration::from_secs(1),
        Clock::Real => Duration::from_millis(25),
    }
}

/// Whether a later call may succeed.
pub(super) fn may_pass(error: &Error) -> bool {
    error.retry() == Retry::Later || error.is_effect_unknown()
}

/// Publishes one message until a receipt comes, for as long as faults last. It has an id, so that it is stored once.
pub(in crate::cases) async fn publish_until_stored(
    trial: &Trial,
    publisher: &dyn Publisher,
    message: OutboundMessage,
) -> CaseResult<Receipt> {
    let options = PublishOptions::default().with_timeout(one_try(trial));
    let until_stored = async {
        loop {
            match one_publish(publisher, message.clone(), options.clone()).await {
                Err(error) if may_pass(&error) => trial.pass(between_tries(trial)).await,
                outcome => return outcome,
            }
        }
    };
    // Longer than any fault lasts, and an election among servers on a busy machine.
    let limit = match trial.clock() {
        Clock::Virtual => trial.patience(),
        Clock::Real => trial.patience() * 4,
    };
    let stored = timeout(limit, until_stored).await;
    Ok(stored.map_err(|_| Failure::new("a publish that is made again and again was never stored"))??)
}

pub(in crate::cases) async fn one_publish(
    publisher: &dyn Publisher,
    message: OutboundMessage,
    options: PublishOptions,
) -> Result<Receipt> {
    publisher.publish_with(message, options).await?.await
}

/// Acks, whether or not the ack arrives: the message comes again if it does not.
pub(super) async fn ack(trial: &Trial, delivery: Delivery) -> CaseResult {
    match trial.in_time("an ack", delivery.ack()).await? {
        Err(error) if !may_pass(&error) => Err(error.into()),
        _ => Ok(()),
    }
}
