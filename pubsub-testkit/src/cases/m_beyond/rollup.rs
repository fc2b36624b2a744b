//! Messages that replace those before them.

use pubsub_core::{ErrorKind, PublisherExt as _, Rollup, StreamName};

use crate::check::{CaseResult, check_eq, refused_as};
use crate::trial::Trial;

async fn roll_up(trial: &Trial, label: &str, rollup: Rollup) -> CaseResult<Option<u64>> {
    let message = trial.message(label, "the state now")?.with_rollup(rollup);
    Ok(trial.publisher().publish_message(message).await?.sequence)
}

async fn held(trial: &Trial, stream: &StreamName) -> CaseResult<(u64, u64, u64)> {
    let info = trial.admin()?.stream_info(stream).await?;
    Ok((info.messages, info.first_sequence, info.last_sequence))
}

/// M8: a rollup of its subject removes what was on it before, and one of everything what was in the stream; it is stored
/// itself. What was in flight does not come again. A stream that does not allow it refuses it.
pub(crate) async fn replaces_what_was_before(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b"])?.with_allow_rollup()).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    for label in ["a", "b", "a", "b"] {
        trial.publish(label, label).await?;
    }
    let in_flight = consumer.take(2).await?;
    check_eq!(roll_up(trial, "a", Rollup::Subject).await?, Some(5), "the sequence of a rollup");
    check_eq!(
        held(trial, &stream).await?,
        (3, 2, 5),
        "messages, first and last sequence after one subject's"
    );
    drop(in_flight);
    // 1 and 3 are gone; 2 is in flight and stays.
    let came: Vec<_> = consumer.take_and_ack(3).await?.iter().map(|info| info.stream_sequence).collect();
    let mut sorted = came.clone();
    sorted.sort_unstable();
    check_eq!(sorted, [2, 4, 5], "what came after a rollup, in some order: {came:?}");
    consumer.stays_silent("b").await?;

    trial.publish("b", "before").await?;
    let all = roll_up(trial, "a", Rollup::All).await?;
    check_eq!(held(trial, &stream).await?, (1, 8, 8), "messages, first and last sequence after everything's");
    let last = consumer.take_and_ack(1).await?;
    check_eq!(last.first().map(|info| info.stream_sequence), all, "what is left");
    consumer.drained();

    let plain = trial.create_stream(trial.stream_config("plain", &["plain"])?).await?;
    let message = trial.message("plain", "x")?.with_rollup(Rollup::Subject);
    let outcome = trial.publisher().publish_message(message).await;
    refused_as(outcome, ErrorKind::Config, Some(10111), "a rollup that the stream does not allow")?;
    check_eq!(held(trial, &plain).await?.0, 0, "the messages after the refusal");
    Ok(())
}
