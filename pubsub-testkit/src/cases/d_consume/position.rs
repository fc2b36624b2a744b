//! Starting and resuming at a chosen place.

use std::time::Duration;

use pubsub_core::{AckPolicy, Capability, ConsumerConfig, DeliverPolicy, StreamName};

use crate::check::{CaseResult, Failure, check_eq};
use crate::trial::{SettleSurely as _, Trial};

/// D10: a consumer starts with the sequence that it asks for, or with the first message stored at the time that it asks
/// for or later, as far as its filters match; and then gets all that follows.
pub(crate) async fn by_sequence_and_time(trial: &Trial) -> CaseResult {
    use DeliverPolicy::{FromSequence, FromTime};

    let stream = trial.stream().await?;
    let everything = trial.consumer(&stream, "everything").await?;
    for label in ["a", "b", "a", "b", "a", "b"] {
        trial.publish(label, label).await?;
        // So that their times differ.
        trial.pass(Duration::from_millis(20)).await;
    }
    let times: Vec<_> = everything.take_and_ack(6).await?.iter().map(|info| info.published_at).collect();
    let [_, _, third, fourth, ..] = times.as_slice() else {
        return Err(Failure::new("six messages have not six times"));
    };
    let hour = Duration::from_secs(3600);
    let wanted: [(&str, DeliverPolicy, Option<&str>, &[u64]); 8] = [
        ("first", FromSequence(1), None, &[1, 2, 3, 4, 5, 6, 7]),
        ("fourth", FromSequence(4), None, &[4, 5, 6, 7]),
        ("fourth-filtered", FromSequence(4), Some("a"), &[5, 7]),
        ("next", FromSequence(7), None, &[7]),
        ("at-the-time", FromTime(*third), None, &[3, 4, 5, 6, 7]),
        ("after-the-time", FromTime(*third + Duration::from_millis(1)), None, &[4, 5, 6, 7]),
        ("at-the-time-filtered", FromTime(*fourth), Some("a"), &[5, 7]),
        ("before-all", FromTime(*third - hour), None, &[1, 2, 3, 4, 5, 6, 7]),
    ];
    let mut consumers = Vec::new();
    for (label, policy, filter, sequences) in wanted {
        let mut config = trial.consumer_config(label)?.with_deliver(policy);
        if let Some(filter) = filter {
            config = config.with_filter(trial.filter(filter)?)?;
        }
        consumers.push((label, trial.create_consumer(&stream, config).await?, sequences));
    }
    trial.publish("a", "after").await?;
    for (label, consumer, sequences) in &consumers {
        let came = consumer.take_and_ack(sequences.len()).await?;
        let came: Vec<_> = came.iter().map(|info| info.stream_sequence).collect();
        check_eq!(came, *sequences, "the sequences of `{label}`");
        check_eq!(consumer.info().await?.pending, 0, "what `{label}` still has to get");
        consumer.drained();
    }
    Ok(())
}

/// D23: whoever acks the first k of n and goes away is resumed at k + 1: after acks of each one, after one ack for all of
/// them where there is such a policy, and after acks made together.
pub(crate) async fn resume_after_k(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    trial.publish_many("a", 10).await?;
    let config = trial.consumer_config("each")?;
    resumes(trial, &stream, config, &[1, 2, 3, 4]).await?;
    if trial.has(Capability::AckPolicies) {
        let config = trial.consumer_config("by-position")?.with_ack(AckPolicy::All);
        resumes(trial, &stream, config, &[4]).await?;
    }
    let config = trial.consumer_config("none")?;
    resumes(trial, &stream, config, &[]).await
}

/// Acks these of ten messages, closes the connection, and resumes over another.
async fn resumes(trial: &Trial, stream: &StreamName, config: ConsumerConfig, acked: &[u64]) -> CaseResult {
    let first = trial.another_connection().await?;
    let before = trial.create_consumer_over(&first, stream, config).await?;
    let mut unsettled = Vec::new();
    for delivery in before.take(10).await? {
        if acked.contains(&delivery.info().stream_sequence) {
            delivery.ack_confirmed_if_possible(trial).await?;
        } else {
            unsettled.push(delivery);
        }
    }
    first.close().await?;
    drop(unsettled);

    let second = trial.another_connection().await?;
    let after = trial.open(&second, &before).await?;
    let done = acked.last().copied().unwrap_or(0);
    let left = usize::try_from(10 - done).unwrap_or(0);
    let mut came = Vec::new();
    for delivery in after.take(left).await? {
        came.push((delivery.info().stream_sequence, delivery.info().attempt));
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    // Their ack waits end a little apart if each was on its own way for long.
    came.sort_unstable();
    let expected: Vec<_> = (done + 1..=10).map(|sequence| (sequence, 2)).collect();
    check_eq!(came, expected, "what comes after {acked:?} were acked");
    after.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    after.drained();
    second.close().await?;
    Ok(())
}
