//! What must be true for a message to be stored.

use pubsub_core::{Capability, ErrorKind, Expectations, PublisherExt as _, Receipt, Result, StreamName};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::Trial;

async fn publish(trial: &Trial, label: &str, expected: Expectations) -> CaseResult<Result<Receipt>> {
    let message = trial.message(label, "x")?.with_expectations(expected);
    Ok(trial.publisher().publish_message(message).await)
}

async fn stored(trial: &Trial, label: &str, expected: Expectations) -> CaseResult<Option<u64>> {
    let described = format!("{expected:?}");
    match publish(trial, label, expected).await? {
        Ok(receipt) => Ok(receipt.sequence),
        Err(error) => Err(crate::check::Failure::new(format!("{described} was refused: {error}"))),
    }
}

async fn conflicts(trial: &Trial, label: &str, expected: Expectations, code: u16) -> CaseResult {
    let described = format!("{expected:?}");
    let outcome = publish(trial, label, expected).await?;
    let error = refused_as(outcome, ErrorKind::Conflict, Some(code), &described)?;
    check!(!error.is_effect_unknown(), "a publish that was refused for certain: {error}");
    Ok(())
}

async fn messages(trial: &Trial, stream: &StreamName) -> CaseResult<u64> {
    Ok(trial.admin()?.stream_info(stream).await?.messages)
}

/// M1: a message is stored only if every expectation holds: the stream, its last sequence, the last sequence on the subject
/// (0 for none yet), the last id. What is refused is not stored, its id is not remembered, and the next one is taken.
pub(crate) async fn hold_or_refuse(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b", "c"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let none = Expectations::none;
    conflicts(trial, "a", none().with_last_sequence(1), 10071).await?;
    conflicts(trial, "a", none().with_last_subject_sequence(1), 10071).await?;
    check_eq!(messages(trial, &stream).await?, 0, "the messages after the refusals");

    check_eq!(stored(trial, "a", none().with_last_sequence(0)).await?, Some(1), "the first of the stream");
    check_eq!(
        stored(trial, "b", none().with_last_subject_sequence(0)).await?,
        Some(2),
        "the first of its subject"
    );
    conflicts(trial, "b", none().with_last_subject_sequence(0), 10071).await?;
    conflicts(trial, "c", none().with_last_sequence(1), 10071).await?;
    check_eq!(
        stored(trial, "a", none().with_last_subject_sequence(1)).await?,
        Some(3),
        "after the last on `a`"
    );
    check_eq!(stored(trial, "c", none().with_last_sequence(3)).await?, Some(4), "after the last of all");

    check_eq!(stored(trial, "a", none().with_stream(stream.clone())?).await?, Some(5), "into its stream");
    conflicts(trial, "a", none().with_stream(trial.stream_name("other")?)?, 10060).await?;
    // All of them must hold.
    let both = none().with_last_sequence(5).with_last_subject_sequence(4);
    conflicts(trial, "a", both, 10071).await?;
    if trial.has(Capability::MessageId) {
        ids(trial).await?;
    }
    let last = trial.publish("a", "plain").await?.sequence.unwrap_or_default();
    check_eq!(messages(trial, &stream).await?, last, "the messages after all refusals");
    consumer.take_and_ack(usize::try_from(last).unwrap_or_default()).await?;
    consumer.drained();
    Ok(())
}

async fn ids(trial: &Trial) -> CaseResult {
    let none = Expectations::none;
    trial.publish_with_id("a", "one").await?;
    conflicts(trial, "b", none().with_last_id("other")?, 10070).await?;
    stored(trial, "b", none().with_last_id("one")?).await?;

    let wrong = none().with_last_subject_sequence(1);
    let refused = trial.message("c", "x")?.with_id("refused")?.with_expectations(wrong);
    let outcome = trial.publisher().publish_message(refused).await;
    refused_as(outcome, ErrorKind::Conflict, Some(10071), "a message with an id and a wrong expectation")?;
    let again = trial.publish_with_id("c", "refused").await?;
    check!(!again.is_duplicate(), "the id of a refused message is remembered");
    Ok(())
}

/// M2: the subject whose last sequence is expected may be that of a filter.
pub(crate) async fn over_a_filter(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["ride.*.*"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let expected = |sequence, filter| {
        let expected = Expectations::none().with_last_subject_sequence(sequence);
        Ok::<_, crate::check::Failure>(expected.with_last_subject_filter(trial.filter(filter)?)?)
    };
    check_eq!(
        stored(trial, "ride.1.asked", expected(0, "ride.1.*")?).await?,
        Some(1),
        "the first of one ride"
    );
    check_eq!(
        stored(trial, "ride.2.asked", expected(0, "ride.2.*")?).await?,
        Some(2),
        "the first of another"
    );
    conflicts(trial, "ride.1.taken", expected(0, "ride.1.*")?, 10071).await?;
    check_eq!(
        stored(trial, "ride.1.taken", expected(1, "ride.1.*")?).await?,
        Some(3),
        "the second of the one"
    );
    conflicts(trial, "ride.1.ended", expected(1, "ride.1.*")?, 10071).await?;
    check_eq!(
        stored(trial, "ride.2.taken", expected(2, "ride.2.*")?).await?,
        Some(4),
        "the second of the other"
    );
    check_eq!(messages(trial, &stream).await?, 4, "the messages after the refusals");
    consumer.take_and_ack(4).await?;
    consumer.drained();
    Ok(())
}
