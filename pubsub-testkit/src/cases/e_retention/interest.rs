//! Streams that keep what somebody still waits for.

use pubsub_core::{Capability, Retention, StreamName};

use super::{comes_to_hold, holds};
use crate::check::{CaseResult, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// E2: under interest retention a message is gone when every durable consumer whose filter matches it has settled it, and
/// not before; what nobody is interested in is confirmed and not kept.
pub(crate) async fn until_all_have_settled(trial: &Trial) -> CaseResult {
    let config = trial.stream_config("stream", &[">"])?.with_retention(Retention::Interest);
    let stream = trial.create_stream(config).await?;

    let nobody = trial.publish("a", "nobody is there").await?;
    check_eq!(nobody.sequence, Some(1), "the sequence of what nobody is interested in");
    holds(trial, &stream, 0).await?;
    check_eq!(
        trial.admin()?.stream_info(&stream).await?.last_sequence,
        1,
        "the last sequence of the empty stream"
    );

    let users = interested(trial, &stream, "users", "a").await?;
    let rides = interested(trial, &stream, "rides", "a").await?;
    let other = interested(trial, &stream, "other", "b").await?;

    trial.publish("a", "for two").await?;
    users.next().await?.ack_confirmed_if_possible(trial).await?;
    users.eventually("it is settled", |info| info.ack_pending == 0).await?;
    holds(trial, &stream, 1).await?;
    rides.next().await?.nak().await?;
    let again = rides.next().await?;
    holds(trial, &stream, 1).await?;
    again.ack_confirmed_if_possible(trial).await?;
    comes_to_hold(trial, &stream, 0).await?;

    trial.publish("c", "for none of them").await?;
    holds(trial, &stream, 0).await?;

    trial.publish("a", "first").await?;
    trial.publish("b", "second").await?;
    holds(trial, &stream, 2).await?;
    // Out of order: the one behind leaves first.
    other.next().await?.ack_confirmed_if_possible(trial).await?;
    comes_to_hold(trial, &stream, 1).await?;
    users.next().await?.ack_confirmed_if_possible(trial).await?;
    let last = rides.next().await?;
    if trial.has(Capability::Term) {
        // Given up is settled.
        last.term("it is of no use").await?;
    } else {
        last.ack().await?;
    }
    comes_to_hold(trial, &stream, 0).await?;
    for consumer in [users, rides, other] {
        consumer.drained();
    }
    Ok(())
}

async fn interested<'t>(
    trial: &'t Trial,
    stream: &StreamName,
    label: &str,
    filter: &str,
) -> CaseResult<TestConsumer<'t>> {
    let config = trial.consumer_config(label)?.with_filter(trial.filter(filter)?)?;
    trial.create_consumer(stream, config).await
}

/// E4: the deletion of a consumer under interest retention frees what only it was holding, delivered or not; the deletion
/// of the last one frees the rest.
pub(crate) async fn freed_by_deletion(trial: &Trial) -> CaseResult {
    let config = trial.stream_config("stream", &[">"])?.with_retention(Retention::Interest);
    let stream = trial.create_stream(config).await?;
    let users = interested(trial, &stream, "users", "a").await?;
    let rides = interested(trial, &stream, "rides", ">").await?;
    trial.publish_many("a", 4).await?;
    trial.publish("b", "for rides alone").await?;

    // 1 and 2 are settled by `rides`, and 1 by `users`; both hold one unsettled.
    for delivery in rides.take(2).await? {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    let held = rides.next().await?;
    users.next().await?.ack_confirmed_if_possible(trial).await?;
    let in_flight = users.next().await?;
    comes_to_hold(trial, &stream, 4).await?;

    trial.admin()?.delete_consumer(&stream, users.name()).await?;
    // 2 was only for `users`; 3, 4 and 5 are still wanted.
    comes_to_hold(trial, &stream, 3).await?;
    check_eq!(trial.admin()?.stream_info(&stream).await?.first_sequence, 3, "the oldest that is wanted");
    drop(in_flight);
    held.ack_confirmed_if_possible(trial).await?;
    comes_to_hold(trial, &stream, 2).await?;
    let came = rides.next().await?;
    check_eq!(came.info().stream_sequence, 4, "what comes next to the one that is left");

    trial.admin()?.delete_consumer(&stream, rides.name()).await?;
    comes_to_hold(trial, &stream, 0).await?;
    drop(came);
    trial.publish("a", "nobody is left").await?;
    holds(trial, &stream, 0).await
}
