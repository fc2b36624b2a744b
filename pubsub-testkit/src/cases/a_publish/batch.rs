//! Several messages in one call.

use pubsub_core::{
    Capability, ErrorKind, Expectations, OutboundMessage, PublishOptions, PublisherExt as _, Receipt, Result,
};

use crate::check::{CaseResult, Failure, check, check_eq, refused_as};
use crate::trial::Trial;

async fn published(trial: &Trial, messages: Vec<OutboundMessage>) -> Vec<Result<Receipt>> {
    let mut outcomes = Vec::with_capacity(messages.len());
    for pending in trial.publisher().publish_batch(messages, PublishOptions::default()).await {
        outcomes.push(match pending {
            Ok(pending) => pending.await,
            Err(error) => Err(error),
        });
    }
    outcomes
}

/// A13: a batch has one outcome for each message, in their order: what is right is stored, in order, whatever is wrong with
/// the others, and each wrong one has its own error.
pub(crate) async fn has_an_outcome_for_each(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    check!(published(trial, Vec::new()).await.is_empty(), "an empty batch has outcomes");

    let mut reserved = trial.message("a", "with a reserved header")?;
    reserved.headers.append_received("Nats-Color", "blue")?;
    let mut messages = vec![
        trial.message("a", "first")?,
        trial.message("nowhere", "without a stream")?,
        reserved,
        trial.message("a", "second")?,
    ];
    if let Some(limit) = trial.capabilities().max_payload() {
        messages.push(trial.message("a", vec![b'x'; limit + 1])?);
    }
    if trial.has(Capability::MessageId) {
        messages.push(trial.message("a", "third")?.with_id("once")?);
        messages.push(trial.message("a", "third again")?.with_id("once")?);
    }
    messages.push(trial.message("a", "last")?);
    let count = messages.len();
    let outcomes = published(trial, messages).await;
    check_eq!(outcomes.len(), count, "the outcomes of a batch");
    let shown: Vec<_> = outcomes.iter().map(show).collect();
    let mut expected =
        vec!["1".to_owned(), "not found".to_owned(), "invalid input".to_owned(), "2".to_owned()];
    if trial.capabilities().max_payload().is_some() {
        expected.push("payload too large".to_owned());
    }
    if trial.has(Capability::MessageId) {
        expected.extend(["3".to_owned(), "duplicate of 3".to_owned(), "4".to_owned()]);
    } else {
        expected.push("3".to_owned());
    }
    check_eq!(shown, expected, "the outcomes of a batch, in its order");
    let stored = shown.iter().filter(|shown| shown.parse::<u64>().is_ok()).count();
    consumer.take_and_ack(stored).await?;
    consumer.drained();
    Ok(())
}

fn show(outcome: &Result<Receipt>) -> String {
    match outcome {
        Ok(receipt) => {
            let sequence = receipt.sequence.map_or_else(|| "?".to_owned(), |sequence| sequence.to_string());
            if receipt.is_duplicate() { format!("duplicate of {sequence}") } else { sequence }
        }
        Err(error) => error.kind().to_string(),
    }
}

/// A14: an atomic batch is stored as a whole, one message after the other, or not at all: one expectation that does not
/// hold, or one id that is known, keeps all of it out; so does a stream that does not allow it.
pub(crate) async fn is_stored_as_a_whole(trial: &Trial) -> CaseResult {
    let config = trial.stream_config("stream", &["a", "b"])?.with_allow_atomic_batches();
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let atomic = |messages| trial.publisher().publish_atomic(messages, PublishOptions::default());
    trial.publish("a", "before").await?;

    let messages = vec![trial.message("a", "1")?, trial.message("b", "2")?, trial.message("a", "3")?];
    let receipt = atomic(messages).await?;
    let told = (receipt.stream.as_str(), receipt.last_sequence, receipt.messages);
    check_eq!(told, (stream.as_str(), 4, 3), "stream, last sequence and count of a batch");
    let one = atomic(vec![trial.message("a", "alone")?]).await?;
    check_eq!((one.last_sequence, one.messages), (5, 1), "last sequence and count of a batch of one");

    if trial.has(Capability::Expectations) {
        let wrong = trial.message("b", "wrong")?;
        let wrong = wrong.with_expectations(Expectations::none().with_last_subject_sequence(1));
        let outcome = atomic(vec![trial.message("a", "right")?, wrong]).await;
        refused_as(
            outcome,
            ErrorKind::Conflict,
            Some(10071),
            "a batch with an expectation that does not hold",
        )?;
    }
    if trial.has(Capability::MessageId) {
        trial.publish_with_id("a", "known").await?;
        let known = trial.message("a", "known")?.with_id("known")?;
        let outcome = atomic(vec![trial.message("a", "new")?.with_id("new")?, known]).await;
        refused_as(outcome, ErrorKind::Conflict, Some(10201), "a batch with an id that is known")?;
        // Nor is what was refused remembered.
        check!(
            !trial.publish_with_id("a", "new").await?.is_duplicate(),
            "the id of a refused batch is known"
        );
    }
    refused_as(atomic(Vec::new()).await, ErrorKind::InvalidInput, None, "a batch of nothing")?;
    let many =
        (0..1001).map(|number| trial.message("a", number.to_string())).collect::<CaseResult<Vec<_>>>()?;
    refused_as(atomic(many).await, ErrorKind::InvalidInput, Some(10199), "a batch of 1,001 messages")?;

    let last = trial.publisher().publish_message(trial.message("a", "after")?).await?;
    let last = last.sequence.ok_or_else(|| Failure::new("a full receipt without a sequence"))?;
    let held = trial.admin()?.stream_info(&stream).await?.messages;
    check_eq!(held, last, "the messages after the refused batches");
    let came = consumer.take_and_ack(usize::try_from(last).unwrap_or_default()).await?;
    check!(came.iter().map(|info| info.stream_sequence).eq(1..=last), "the sequences have gaps: {came:?}");
    consumer.drained();

    trial.create_stream(trial.stream_config("plain", &["plain"])?).await?;
    let outcome = atomic(vec![trial.message("plain", "1")?, trial.message("plain", "2")?]).await;
    refused_as(outcome, ErrorKind::Config, Some(10174), "a batch that the stream does not allow")?;
    Ok(())
}
