//! Streams whose every message is one consumer's work.

use pubsub_core::{ErrorKind, Retention, StreamName};

use super::{comes_to_hold, holds};
use crate::check::{CaseResult, check_eq, refused_as};
use crate::trial::{SettleSurely as _, Trial};

/// E3: under work-queue retention a message is kept until it is acked, without consumers, over naks, expired ack waits and
/// the deletion of its consumer; then it is gone. A consumer whose filter overlaps another's is refused.
pub(crate) async fn until_it_is_acked(trial: &Trial) -> CaseResult {
    let config = trial.stream_config("stream", &["a", "b"])?.with_retention(Retention::WorkQueue);
    let stream = trial.create_stream(config).await?;
    trial.publish_many("a", 3).await?;
    holds(trial, &stream, 3).await?;

    let config = trial.consumer_config("worker")?.with_filter(trial.filter("a")?)?;
    let worker = trial.create_consumer(&stream, config.clone()).await?;
    let mut held = Vec::new();
    for (place, delivery) in worker.take(3).await?.into_iter().enumerate() {
        match place {
            0 => delivery.ack_confirmed_if_possible(trial).await?,
            1 => delivery.nak().await?,
            _ => held.push(delivery),
        }
    }
    comes_to_hold(trial, &stream, 2).await?;
    let nakked = worker.next().await?;
    let came = (nakked.info().stream_sequence, nakked.info().attempt);
    check_eq!(came, (2, 2), "sequence and attempt of what was nakked");
    holds(trial, &stream, 2).await?;
    nakked.ack_confirmed_if_possible(trial).await?;
    comes_to_hold(trial, &stream, 1).await?;
    let expired = worker.next().await?;
    let came = (expired.info().stream_sequence, expired.info().attempt);
    check_eq!(came, (3, 2), "sequence and attempt of what was not settled in time");
    holds(trial, &stream, 1).await?;

    overlaps_are_refused(trial, &stream).await?;

    // Unacked, it outlives its consumer, and the next one begins anew.
    trial.admin()?.delete_consumer(&stream, worker.name()).await?;
    holds(trial, &stream, 1).await?;
    let next = trial.create_consumer(&stream, config).await?;
    let delivery = next.next().await?;
    check_eq!(
        (delivery.info().stream_sequence, delivery.info().attempt),
        (3, 1),
        "what the next consumer gets"
    );
    delivery.ack_confirmed_if_possible(trial).await?;
    comes_to_hold(trial, &stream, 0).await?;
    next.drained();
    Ok(())
}

async fn overlaps_are_refused(trial: &Trial, stream: &StreamName) -> CaseResult {
    let admin = trial.admin()?;
    let unfiltered = trial.consumer_config("unfiltered")?;
    // 10099; where a layer makes a filter of "everything" it overlaps as a filter: 10100.
    let outcome = admin.create_consumer(stream, unfiltered).await;
    let is_a_filter = outcome.as_ref().is_err_and(|error| error.broker_code() == Some(10100));
    let code = if is_a_filter { 10100 } else { 10099 };
    refused_as(outcome, ErrorKind::Conflict, Some(code), "a second consumer of everything")?;
    let overlapping = trial.consumer_config("overlapping")?.with_filter(trial.filter("*")?)?;
    let outcome = admin.create_consumer(stream, overlapping).await;
    refused_as(outcome, ErrorKind::Conflict, Some(10100), "a consumer that overlaps another")?;
    check_eq!(admin.stream_info(stream).await?.consumers, 1, "the consumers after the refusals");

    let disjoint = trial.consumer_config("disjoint")?.with_filter(trial.filter("b")?)?;
    let disjoint = trial.create_consumer(stream, disjoint).await?;
    trial.publish("b", "for the other one").await?;
    disjoint.next().await?.ack_confirmed_if_possible(trial).await?;
    disjoint.drained();
    comes_to_hold(trial, stream, 1).await
}
