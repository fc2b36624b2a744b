//! Settling late, and after a close.

use std::sync::Arc;

use pubsub_core::{Broker, Capability, Delivery, ErrorKind, Settlement};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// B7: an ack after the ack wait counts: it settles the message, which does not come again; so does one after the message
/// has come to somebody else, who need not settle it any more.
pub(crate) async fn late_ack_counts(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish("a", "slow").await?;
    let slow = consumer.next().await?;
    // Nobody asks meanwhile, so that it does not come to anybody else.
    trial.pass(trial.ack_wait() * 3 / 2).await;
    check_eq!(consumer.info().await?.ack_pending, 1, "ack pending when the ack wait is over");
    slow.ack_confirmed_if_possible(trial).await?;
    consumer.eventually("the late ack has counted", |info| info.ack_pending == 0).await?;
    consumer.stays_silent("a").await?;

    trial.publish("a", "slower").await?;
    let first = consumer.next().await?;
    let second = consumer.next().await?;
    check_eq!(second.info().stream_sequence, first.info().stream_sequence, "the message that came again");
    first.ack_confirmed_if_possible(trial).await?;
    consumer.eventually("the ack of the first delivery has counted", |info| info.ack_pending == 0).await?;
    // Held beyond its ack wait too, and dropped.
    trial.pass(trial.ack_wait() * 3 / 2).await;
    drop(second);
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// B20: to settle or extend after the close of the connection is a clear error, whatever the settlement and however the
/// message came; and then the message comes again over another connection.
pub(crate) async fn after_close_it_comes_again(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let broker = trial.another_connection().await?;
    let worker = trial.open(&broker, &consumer).await?;
    let settlements = settlements(trial);
    // One is only extended.
    let count = settlements.len() + 1;
    trial.publish_many("a", count).await?;
    let held = held(&worker, &broker, count).await?;

    let mut settlements = settlements.into_iter();
    for delivery in held {
        let Some(settlement) = settlements.next() else {
            if trial.has(Capability::Extend) {
                let outcome = trial.in_time("an extension after the close", delivery.extend()).await?;
                refused_as(outcome, ErrorKind::Closed, None, "an extension after the close")?;
            }
            continue;
        };
        let what = format!("{settlement:?} after the close");
        let outcome = trial.in_time(&what, delivery.settle(settlement)).await?;
        let error = refused_as(outcome, ErrorKind::Closed, None, &what)?;
        check!(!error.is_effect_unknown(), "the error leaves the effect unknown: {error}");
    }

    let mut again = Vec::new();
    for delivery in consumer.take(count).await? {
        again.push((delivery.info().stream_sequence, delivery.info().attempt));
        delivery.ack().await?;
    }
    again.sort_unstable();
    let expected: Vec<_> = (1..=count as u64).map(|sequence| (sequence, 2)).collect();
    check_eq!(again, expected, "sequences and attempts of what was settled too late");
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

fn settlements(trial: &Trial) -> Vec<Settlement> {
    let mut settlements = vec![Settlement::ack(), Settlement::nak()];
    if trial.has(Capability::ConfirmedSettlement) {
        settlements.push(Settlement::ack().confirmed());
    }
    if trial.has(Capability::Term) {
        settlements.push(Settlement::term_because("too late"));
    }
    if trial.has(Capability::NakDelay) {
        settlements.push(Settlement::nak_after(trial.ack_wait() * 10));
    }
    settlements
}

/// Half of them by a fetch and half by a subscription, and then the connection is closed.
async fn held(
    worker: &TestConsumer<'_>,
    broker: &Arc<dyn Broker>,
    count: usize,
) -> CaseResult<Vec<Delivery>> {
    let mut held = worker.take(count / 2).await?;
    let mut subscription = worker.subscribe(count);
    held.extend(subscription.take(count - count / 2).await?);
    broker.close().await?;
    subscription.ends().await?;
    Ok(held)
}
