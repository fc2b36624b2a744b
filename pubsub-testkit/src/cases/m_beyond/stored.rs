//! Stored messages, read without a consumer.

use pubsub_core::{Capability, ErrorKind, MessageSelector, PublisherExt as _, StoredMessage, StreamName};

use crate::check::{CaseResult, check_eq, refused_as, text};
use crate::trial::Trial;

/// M31: a stored message is read whole, by its sequence or as the last of its subject: subject, payload, every value of its
/// headers, and the time that its delivery tells. What is not there is not found, and no other one is given for it;
/// reading settles nothing.
pub(crate) async fn are_read_whole(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    for (number, label) in ["a", "b", "a", "b"].into_iter().enumerate() {
        let message = trial.message(label, format!("payload {}", number + 1))?;
        let message = message.with_header("Color", "blue")?.with_header("Color", "red")?;
        trial.publisher().publish_message(message).await?;
    }
    let last_of = |label: &str| CaseResult::Ok(MessageSelector::LastOf(trial.subject(label)?));
    let third = read(trial, &stream, MessageSelector::Sequence(3)).await?;
    is(trial, &third, 3, "a")?;
    is(trial, &read(trial, &stream, last_of("b")?).await?, 4, "b")?;
    let last = read(trial, &stream, last_of("a")?).await?;
    is(trial, &last, 3, "a")?;
    check_eq!(last.published_at, third.published_at, "the time of one message, read in two ways");
    for (selector, what) in [
        (MessageSelector::Sequence(5), "to read a message that is to come"),
        (last_of("c")?, "to read the last message of a subject without one"),
    ] {
        let outcome = trial.admin()?.get_message(&stream, selector).await;
        refused_as(outcome, ErrorKind::NotFound, Some(10037), what)?;
    }
    for delivery in consumer.take(4).await? {
        if delivery.info().stream_sequence == 3 {
            check_eq!(delivery.info().published_at, third.published_at, "the time that its delivery tells");
        }
        check_eq!(delivery.info().attempt, 1, "the attempt after it was read");
        delivery.ack().await?;
    }
    consumer.drained();
    if trial.has(Capability::DeleteMessage) {
        gone(trial, &stream).await?;
    }
    Ok(())
}

async fn read(trial: &Trial, stream: &StreamName, selector: MessageSelector) -> CaseResult<StoredMessage> {
    Ok(trial.admin()?.get_message(stream, selector).await?)
}

fn is(trial: &Trial, stored: &StoredMessage, sequence: u64, label: &str) -> CaseResult {
    check_eq!(stored.sequence, sequence, "the sequence of a stored message");
    check_eq!(stored.subject, trial.subject(label)?.as_str(), "the subject of message {sequence}");
    check_eq!(text(&stored.payload), format!("payload {sequence}"), "the payload of message {sequence}");
    let colors: Vec<_> = stored.headers.get_all("Color").collect();
    check_eq!(colors, ["blue", "red"], "a header of message {sequence}");
    Ok(())
}

/// Of a gap nothing is read. (What the last of a subject is then depends on the server: 2.10.26 has none.)
async fn gone(trial: &Trial, stream: &StreamName) -> CaseResult {
    let admin = trial.admin()?;
    for deleted in [2, 3] {
        admin.delete_message(stream, deleted).await?;
        let outcome = admin.get_message(stream, MessageSelector::Sequence(deleted)).await;
        refused_as(outcome, ErrorKind::NotFound, Some(10037), "to read a message that is deleted")?;
    }
    Ok(())
}
