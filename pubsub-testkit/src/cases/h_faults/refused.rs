//! Credentials that the store does not take.

use std::time::Duration;

use pubsub_core::{ErrorKind, OutboundMessage};
use tokio::time::Instant;

use super::load::publish_until_stored;
use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::harness::StoreFault;
use crate::trial::{SettleSurely as _, Trial};

/// The most time until a client knows that it is not wanted.
const SOON: Duration = Duration::from_secs(3);

/// H8: a connection whose credentials are refused fails at once, and is not tried again and again; one that was there
/// before says so too, and works again without a restart when it is let in again.
pub(crate) async fn fails_at_once_and_recovers(trial: &Trial) -> CaseResult {
    let faults = trial.faults(&[StoreFault::Refuse]).await?;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", "before").await?;
    // Confirmed: an ack that is lost with the connection would bring this one again.
    for delivery in consumer.take(1).await? {
        delivery.ack_confirmed_if_possible(trial).await?;
    }

    faults.inject(StoreFault::Refuse).await?;
    let (tried, began) = (faults.tried().unwrap_or_default(), Instant::now());
    let outcome = trial.in_time("a connection that is refused", faults.try_connect()).await?;
    refused_as(outcome, ErrorKind::PermissionDenied, None, "a connection with wrong credentials")?;
    let (took, tries) = (began.elapsed(), faults.tried().unwrap_or_default() - tried);
    check!(took < SOON + trial.slack(), "it took {took:?} until the refusal was told");
    check!(tries <= 1, "the refused connection was tried {tries} times");

    let message = || -> CaseResult<OutboundMessage> { Ok(trial.message("a", "after")?.with_id("after")?) };
    let told = || async {
        // What was on its way when the connection ended may end otherwise.
        let publish = trial.publisher().publish_with(message()?, Default::default()).await;
        let outcome = match publish {
            Ok(pending) => pending.await.map(drop),
            Err(error) => Err(error),
        };
        Ok(outcome.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied))
    };
    trial.eventually("the connection that was there is told that it is refused", told).await?;
    check!(!trial.broker().health().await.is_usable(), "a connection that is refused calls itself usable");

    faults.heal().await?;
    trial
        .in_time("a publish that is allowed again", async {
            loop {
                match publish_until_stored(trial, trial.publisher().as_ref(), message()?).await {
                    // Until the store takes the connection again.
                    Err(_) => trial.pass(Duration::from_millis(20)).await,
                    stored => return stored,
                }
            }
        })
        .await??;
    let came = consumer.take_and_ack(1).await?;
    check_eq!(came.len(), 1, "what comes over the connection that was refused");
    consumer.drained();
    Ok(())
}
