//! Publishing and consuming while something happens to the store.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use pubsub_core::{Delivery, Error, OutboundMessage, PublishOptions, Publisher, Receipt, Result, Retry};

use crate::check::{CaseResult, text};
use crate::harness::Clock;
use crate::trial::{TestSubscription, Trial};

/// Which messages have come already, by their number.
pub(super) type Handled = Mutex<BTreeSet<usize>>;

pub(super) fn count(handled: &Handled) -> usize {
    handled.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// How long one try of a publish waits for its receipt.
fn one_try(trial: &Trial) -> Duration {
    match trial.clock() {
        Clock::Virtual => Duration::from_secs(5),
        Clock::Real => Duration::from_millis(500),
    }
}

/// Whether a later call may succeed.
pub(super) fn may_pass(error: &Error) -> bool {
    error.retry() == Retry::Later || error.is_effect_unknown()
}

/// Publishes one message until a receipt comes. It has an id, so that it is stored once.
pub(in crate::cases) async fn publish_until_stored(
    trial: &Trial,
    publisher: &dyn Publisher,
    message: OutboundMessage,
) -> CaseResult<Receipt> {
    let options = PublishOptions::default().with_timeout(one_try(trial));
    loop {
        match one_publish(publisher, message.clone(), options.clone()).await {
            Err(error) if may_pass(&error) => trial.pass(one_try(trial) / 20).await,
            outcome => return Ok(outcome?),
        }
    }
}

pub(in crate::cases) async fn one_publish(
    publisher: &dyn Publisher,
    message: OutboundMessage,
    options: PublishOptions,
) -> Result<Receipt> {
    publisher.publish_with(message, options).await?.await
}

/// Publishes the numbers `0..count`, one after the other.
pub(super) async fn publish_all(trial: &Trial, publisher: &dyn Publisher, count: usize) -> CaseResult {
    for number in 0..count {
        let message = trial.message("a", number.to_string())?.with_id(format!("load-{number}"))?;
        publish_until_stored(trial, publisher, message).await?;
    }
    Ok(())
}

/// Handles what comes until each of the numbers `0..count` was there.
pub(super) async fn handle_all(
    trial: &Trial,
    subscription: &mut TestSubscription<'_>,
    handled: &Handled,
    count: usize,
) -> CaseResult {
    while self::count(handled) < count {
        let delivery = subscription.next_despite_faults().await?;
        if let Ok(number) = text(delivery.payload()).parse() {
            handled.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        }
        ack(trial, delivery).await?;
    }
    Ok(())
}

/// Acks, whether or not the ack arrives: the message comes again if it does not.
pub(super) async fn ack(trial: &Trial, delivery: Delivery) -> CaseResult {
    match trial.in_time("an ack", delivery.ack()).await? {
        Err(error) if !may_pass(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Waits until so many messages were handled.
pub(super) async fn handled_are(trial: &Trial, handled: &Handled, least: usize) -> CaseResult {
    trial.eventually("enough was handled", || async { Ok(count(handled) >= least) }).await
}
