//! Streams that rename what they store, and that pass it on.

use pubsub_core::{Capability, MessageSelector, Republish, SubjectTransform};

use crate::check::{CaseResult, Failure, check, check_eq, text};
use crate::trial::{Trial, listening};

/// M9: a stream with a transform stores messages under the subject that it makes of theirs; filters, `last of` and counts
/// go by that one. Subjects that the transform does not speak of stay.
pub(crate) async fn are_stored_renamed(trial: &Trial) -> CaseResult {
    let to = format!("{}.{{{{wildcard(2)}}}}.{{{{wildcard(1)}}}}", trial.subject("by")?);
    let transform = SubjectTransform::new(trial.filter("ride.*.*")?, to)?;
    let config = trial.stream_config("stream", &["ride.*.*", "plain"])?.with_subject_transform(transform);
    let stream = trial.create_stream(config).await?;
    let taken = trial.consumer_config("taken")?.with_filter(trial.filter("by.taken.*")?)?;
    let taken = trial.create_consumer(&stream, taken).await?;
    let before = trial.consumer_config("before")?.with_filter(trial.filter("ride.>")?)?;
    let before = trial.create_consumer(&stream, before).await?;
    let all = trial.consumer(&stream, "all").await?;
    for label in ["ride.7.asked", "ride.7.taken", "plain", "ride.8.taken"] {
        trial.publish(label, label).await?;
    }
    let mut came = Vec::new();
    for delivery in all.take(4).await? {
        came.push(delivery.subject().to_owned());
        delivery.ack().await?;
    }
    let mut expected = Vec::new();
    for label in ["by.asked.7", "by.taken.7", "plain", "by.taken.8"] {
        expected.push(trial.subject(label)?.to_string());
    }
    check_eq!(came, expected, "the subjects as they are stored");
    let sequences: Vec<_> = taken.take_and_ack(2).await?.iter().map(|info| info.stream_sequence).collect();
    check_eq!(sequences, [2, 4], "what a filter of new subjects gets");
    check_eq!(before.info().await?.pending, 0, "what a filter of old subjects would get");
    if trial.has(Capability::GetMessage) {
        let last = MessageSelector::LastOf(trial.subject("by.taken.7")?);
        check_eq!(trial.admin()?.get_message(&stream, last).await?.sequence, 2, "the last on a new subject");
    }
    for consumer in [taken, before, all] {
        consumer.drained();
    }
    Ok(())
}

/// M10: a stream that republishes passes each message that it has stored, and matches, to plain listeners: under its new
/// subject, with its place in the stream; and nothing that it refuses.
pub(crate) async fn are_passed_on(trial: &Trial) -> CaseResult {
    let to = format!("{}.{{{{wildcard(1)}}}}", trial.subject("copy")?);
    let republish = Republish::new(trial.filter("a.*")?, to)?;
    let config = trial.stream_config("stream", &["a.*", "b.*"])?.with_republish(republish);
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let Some(core) = trial.broker().core() else {
        return Err(Failure::new("the backend republishes, and has no plain messaging to hear it"));
    };
    let mut copies = core.subscribe(trial.filter("copy.>")?, Default::default()).await?;
    core.flush().await?;

    for label in ["a.x", "b.x", "a.y", "a.x"] {
        trial.publish(label, label).await?;
    }
    if trial.has(Capability::MessageId) {
        trial.publish_with_id("a.x", "once").await?;
        trial.publish_with_id("a.x", "once").await?;
    }
    trial.publish("a.z", "the end").await?;
    let mut heard = Vec::new();
    loop {
        let copy = listening::next(trial, &mut copies).await?;
        let header = |name: &str| copy.headers.get(name).unwrap_or("nothing").to_owned();
        check_eq!(header("Nats-Stream"), stream.to_string(), "the stream that a copy names");
        check!(copy.headers.get("Nats-Time-Stamp").is_some(), "a copy does not say when it was stored");
        let last = text(&copy.payload) == "the end";
        let subject = trial.shorten(&copy.subject);
        let payload = text(&copy.payload).into_owned();
        heard.push([subject, header("Nats-Sequence"), header("Nats-Last-Sequence"), payload]);
        if last {
            break;
        }
    }
    let copy = |subject: &str, sequence: &str, before: &str, payload: &str| {
        [subject, sequence, before, payload].map(str::to_owned)
    };
    let mut expected = vec![
        copy("copy.x", "1", "0", "a.x"),
        copy("copy.y", "3", "0", "a.y"),
        copy("copy.x", "4", "1", "a.x"),
    ];
    if trial.has(Capability::MessageId) {
        expected.extend([copy("copy.x", "5", "4", "once"), copy("copy.z", "6", "0", "the end")]);
    } else {
        expected.push(copy("copy.z", "5", "0", "the end"));
    }
    check_eq!(heard, expected, "the copies, with their sequence and the one before on their subject");
    consumer
        .take_and_ack(usize::try_from(trial.admin()?.stream_info(&stream).await?.messages).unwrap_or(0))
        .await?;
    consumer.drained();
    Ok(())
}
