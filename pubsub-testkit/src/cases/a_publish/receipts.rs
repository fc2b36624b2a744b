//! What a receipt tells.

use pubsub_core::{Capability, ErrorKind, PublisherExt as _};

use crate::check::{CaseResult, check, check_eq, refused};
use crate::trial::Trial;

/// A11: a receipt tells the stream, a sequence that rises with each message, and whether it was a duplicate; the
/// delivery has the same sequence.
pub(crate) async fn tell_where(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let mut last = None;
    for number in 0..10 {
        let receipt = trial.publish("a", number.to_string()).await?;
        check_eq!(receipt.stream, stream, "the stream in the receipt");
        check_eq!(receipt.duplicate, Some(false), "whether it is a duplicate");
        check!(receipt.sequence.is_some(), "the receipt has no sequence");
        check!(receipt.sequence > last, "sequence {:?} came after {last:?}", receipt.sequence);
        last = receipt.sequence;
        let delivery = consumer.next().await?;
        check_eq!(Some(delivery.info().stream_sequence), receipt.sequence, "the sequence of the delivery");
        delivery.ack().await?;
    }
    if trial.has(Capability::MessageId) {
        let first = trial.publish_with_id("a", "id").await?;
        let again = trial.publish_with_id("a", "id").await?;
        check_eq!((first.duplicate, again.duplicate), (Some(false), Some(true)), "the duplicate flags");
        check_eq!(again.sequence, first.sequence, "the sequence of the duplicate");
        let next = trial.publish("a", "after").await?;
        check!(
            next.sequence > first.sequence,
            "sequence {:?} came after {:?}",
            next.sequence,
            first.sequence
        );
        consumer.take_and_ack(2).await?;
    }
    consumer.drained();
    Ok(())
}

/// A15: a publish that no stream takes is `NotFound`, with the subject; nothing is created by it.
pub(crate) async fn without_a_stream(trial: &Trial) -> CaseResult {
    let message = trial.message("nowhere", "x")?;
    let subject = message.subject.clone();
    let outcome = trial.in_time("the publish", trial.publisher().publish_message(message)).await?;
    let error = refused(outcome, "a publish that no stream takes")?;
    check_eq!(error.kind(), ErrorKind::NotFound, "the kind of the error ({error})");
    check!(!error.is_effect_unknown(), "the error leaves the effect unknown: {error}");
    // A layer may have put a prefix before it: then the error tells where the message went in truth.
    let told = error.context("subject").unwrap_or_default();
    let is_it = told == subject.as_str() || told.ends_with(&format!(".{subject}"));
    check!(is_it, "the error names the subject `{told}` instead of `{subject}`");
    check!(error.remedy().is_some(), "the error has no remedy: {error}");

    // It was the missing stream: with one, the same publish is stored.
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, 0, "the messages in the new stream");
    trial.publish("nowhere", "x").await?;
    consumer.take_and_ack(1).await?;
    consumer.drained();
    Ok(())
}
