//! Settling several, and only those.

use pubsub_core::{AckPolicy, Capability, Settlement, StreamName};

use crate::check::{CaseResult, check, check_eq};
use crate::trial::{SettleSurely as _, Trial};

/// B15: to settle several deliveries at once settles exactly those, with an outcome for each; where an ack counts for
/// everything before it, it settles exactly what was delivered until then.
pub(crate) async fn exactly_the_range(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 10).await?;
    let mut held = consumer.take(10).await?;
    let rest = held.split_off(6);
    let nothing = consumer.handle().settle_many(Vec::new(), Settlement::ack()).await;
    check!(nothing.is_empty(), "to settle nothing had {} outcomes", nothing.len());
    all_settled(consumer.handle().settle_many(held, Settlement::ack()).await, 6)?;
    consumer.eventually("six are settled and four are not", |info| info.ack_pending == 4).await?;

    all_settled(consumer.handle().settle_many(rest, Settlement::nak()).await, 4)?;
    let mut again = consumer.take(4).await?;
    again.sort_by_key(|delivery| delivery.info().stream_sequence);
    let came: Vec<_> =
        again.iter().map(|delivery| (delivery.info().stream_sequence, delivery.info().attempt)).collect();
    check_eq!(came, [(7, 2), (8, 2), (9, 2), (10, 2)], "what was nakked together");
    let confirmed = trial.has(Capability::ConfirmedSettlement);
    let ack = if confirmed { Settlement::ack().confirmed() } else { Settlement::ack() };
    all_settled(consumer.handle().settle_many(again, ack).await, 4)?;
    consumer.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    if trial.has(Capability::AckPolicies) {
        everything_before(trial, &stream).await?;
    }
    Ok(())
}

fn all_settled(outcomes: Vec<pubsub_core::Result<()>>, count: usize) -> CaseResult {
    check_eq!(outcomes.len(), count, "the outcomes of {count} settlements");
    for outcome in outcomes {
        outcome?;
    }
    Ok(())
}

async fn everything_before(trial: &Trial, stream: &StreamName) -> CaseResult {
    let config = trial.consumer_config("by-position")?.with_ack(AckPolicy::All);
    let consumer = trial.create_consumer(stream, config).await?;
    let mut held = consumer.take(11).await?;
    let fifth = held.swap_remove(4);
    check_eq!(fifth.info().stream_sequence, 5, "the fifth delivery");
    fifth.ack_confirmed_if_possible(trial).await?;
    consumer.eventually("five are settled and six are not", |info| info.ack_pending == 6).await?;
    // The first four are dropped unsettled, which must not bring them back.
    drop(held);

    let mut again = consumer.take(6).await?;
    again.sort_by_key(|delivery| delivery.info().stream_sequence);
    let came: Vec<_> =
        again.iter().map(|delivery| (delivery.info().stream_sequence, delivery.info().attempt)).collect();
    check_eq!(
        came,
        [(6, 2), (7, 2), (8, 2), (9, 2), (10, 2), (11, 2)],
        "what comes again of what was not acked"
    );
    if let Some(last) = again.pop() {
        last.ack_confirmed_if_possible(trial).await?;
    }
    consumer.eventually("the ack of the last has settled the others", |info| info.ack_pending == 0).await?;
    drop(again);
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// B19: an ack settles its own message only: what was delivered before it and is not settled comes again, over another
/// connection too.
pub(crate) async fn out_of_order(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 6).await?;
    let mut held = Vec::new();
    for delivery in consumer.take(6).await?.into_iter().rev() {
        match delivery.info().stream_sequence {
            2 | 4 | 6 => delivery.ack_confirmed_if_possible(trial).await?,
            _ => held.push(delivery),
        }
    }
    consumer.eventually("three are not settled", |info| info.ack_pending == 3).await?;
    drop(held);

    let other = trial.another_connection().await?;
    let elsewhere = trial.open(&other, &consumer).await?;
    let mut again = Vec::new();
    for delivery in elsewhere.take(3).await? {
        again.push((delivery.info().stream_sequence, delivery.info().attempt));
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    again.sort_unstable();
    check_eq!(again, [(1, 2), (3, 2), (5, 2)], "what comes again of what was not acked");
    elsewhere.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
