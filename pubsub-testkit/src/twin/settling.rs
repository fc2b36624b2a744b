use std::time::Duration;

use pubsub_core::{Delivery, Settlement};

use super::Probe;
use crate::check::CaseResult;
use crate::trial::{TestConsumer, Trial};

async fn delivered<'t>(trial: &'t Trial, label: &str) -> CaseResult<(TestConsumer<'t>, Delivery)> {
    let stream = trial.create_stream(trial.stream_config(label, &[label])?).await?;
    let consumer = trial.consumer(&stream, label).await?;
    trial.publish(label, "x").await?;
    let delivery = consumer.next().await?;
    Ok((consumer, delivery))
}

/// A refused settlement must leave the message as it was: it comes again after its ack wait.
async fn settle(trial: &Trial, label: &str, settlement: Settlement) -> CaseResult<Probe> {
    let (consumer, delivery) = delivered(trial, label).await?;
    let outcome = delivery.settle(settlement).await;
    let mut side_effect = None;
    if outcome.is_err() {
        match consumer.fetch(1, trial.ack_wait() * 4).await?.pop() {
            Some(again) => again.ack().await?,
            None => side_effect = Some("the message did not come again after its ack wait".to_owned()),
        }
    }
    Ok(Probe { outcome, side_effect })
}

pub(super) async fn confirmed(trial: &Trial) -> CaseResult<Probe> {
    settle(trial, "probe-confirmed", Settlement::ack().confirmed()).await
}

pub(super) async fn nak_delay(trial: &Trial) -> CaseResult<Probe> {
    settle(trial, "probe-nak", Settlement::nak_after(Duration::from_millis(10))).await
}

pub(super) async fn term(trial: &Trial) -> CaseResult<Probe> {
    settle(trial, "probe-term", Settlement::term()).await
}

pub(super) async fn extend(trial: &Trial) -> CaseResult<Probe> {
    let (_consumer, delivery) = delivered(trial, "probe-extend").await?;
    let outcome = delivery.extend().await;
    // Whatever the answer: the delivery still has its settlement.
    let side_effect =
        delivery.ack().await.err().map(|error| format!("the message could not be acked any more: {error}"));
    Ok(Probe { outcome, side_effect })
}
