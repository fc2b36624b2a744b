//! What there is, and how much.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use pubsub_core::{ConsumerName, ErrorKind, StreamName};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::Trial;

/// More than a server puts on one page (256 for nats-server 2.15.1).
const MANY: usize = 260;

/// How many calls are under way at a time, so that none waits for its turn until it times out.
const AT_A_TIME: usize = 16;

/// J2: lists hold everything there is, by name, also when it is more than a page; a stream's counters are exact; what was
/// deleted is neither listed nor found.
pub(crate) async fn lists_and_counts(trial: &Trial) -> CaseResult {
    counts(trial).await?;
    streams(trial).await?;
    consumers(trial).await
}

async fn few_at_a_time<T>(
    calls: impl Iterator<Item = impl Future<Output = CaseResult<T>>>,
) -> CaseResult<Vec<T>> {
    stream::iter(calls).buffered(AT_A_TIME).try_collect().await
}

async fn counts(trial: &Trial) -> CaseResult {
    let admin = trial.admin()?;
    let stream = trial.create_stream(trial.stream_config("counted", &["counted.>"])?).await?;
    let empty = admin.stream_info(&stream).await?;
    check_eq!((empty.messages, empty.bytes), (0, 0), "messages and bytes of a new stream");
    check_eq!((empty.first_sequence, empty.last_sequence), (0, 0), "first and last sequence of a new stream");
    check_eq!(
        (empty.consumers, empty.subjects, empty.deleted),
        (0, 0, 0),
        "consumers, subjects and gaps of a new stream"
    );

    for label in ["counted.a", "counted.b", "counted.a", "counted.c"] {
        trial.publish(label, "four").await?;
    }
    let reader = trial.consumer(&stream, "reader").await?;
    trial.consumer(&stream, "other").await?;
    reader.take_and_ack(4).await?;
    reader.drained();

    let info = admin.stream_info(&stream).await?;
    check_eq!(info.messages, 4, "the messages");
    check_eq!((info.first_sequence, info.last_sequence), (1, 4), "first and last sequence");
    check_eq!((info.consumers, info.subjects, info.deleted), (2, 3, 0), "consumers, subjects and gaps");
    check!(info.bytes >= 16, "4 messages of 4 bytes are {} bytes", info.bytes);
    check_eq!(info.created, empty.created, "when the stream was made");
    let again = admin.stream_info(&stream).await?;
    check_eq!(again, info, "what a second look shows");
    Ok(())
}

async fn streams(trial: &Trial) -> CaseResult {
    let admin = trial.admin()?;
    let labels: Vec<String> = (0..MANY).map(|number| format!("listed-{number:03}")).collect();
    let create = |label: &String| {
        let config = trial.stream_config(label, &[label]);
        async { trial.create_stream(config?).await }
    };
    let made = few_at_a_time(labels.iter().map(create)).await?;
    check_eq!(listed_streams(trial, &made).await?, made, "the streams that are listed");

    let gone = made.first().ok_or_else(|| crate::check::Failure::new("no stream was made"))?;
    admin.delete_stream(gone).await?;
    refused_as(
        admin.stream_info(gone).await,
        ErrorKind::NotFound,
        Some(10059),
        "to look at a deleted stream",
    )?;
    let left: Vec<_> = made.iter().skip(1).cloned().collect();
    check_eq!(listed_streams(trial, &made).await?, left, "the streams that are listed after one was deleted");
    Ok(())
}

/// Those of ours that are listed, in the order of the list: others may have streams in the same store.
async fn listed_streams(trial: &Trial, ours: &[StreamName]) -> CaseResult<Vec<StreamName>> {
    let listed = trial.admin()?.list_streams().await?.into_iter().map(|info| info.config.name);
    Ok(listed.filter(|name| ours.contains(name)).collect())
}

async fn consumers(trial: &Trial) -> CaseResult {
    let admin = trial.admin()?;
    let stream = trial.create_stream(trial.stream_config("consumed", &["consumed"])?).await?;
    trial.publish("consumed", "waits for all").await?;
    let labels: Vec<String> = (0..MANY).map(|number| format!("consumer-{number:03}")).collect();
    let create = |label: &String| {
        let config = trial.consumer_config(label);
        let (admin, stream) = (&admin, &stream);
        async move { CaseResult::Ok(admin.create_consumer(stream, config?).await?.name) }
    };
    let made = few_at_a_time(labels.iter().map(create)).await?;
    let listed = admin.list_consumers(&stream).await?;
    check!(
        listed.iter().all(|info| info.stream == stream && info.pending == 1),
        "a listed consumer has other counters"
    );
    check_eq!(names(listed), made, "the consumers that are listed");
    check_eq!(
        admin.stream_info(&stream).await?.consumers,
        MANY as u64,
        "the consumers that the stream counts"
    );

    let gone = made.first().ok_or_else(|| crate::check::Failure::new("no consumer was made"))?;
    admin.delete_consumer(&stream, gone).await?;
    let outcome = admin.consumer_info(&stream, gone).await;
    refused_as(outcome, ErrorKind::NotFound, Some(10014), "to look at a deleted consumer")?;
    let left: Vec<_> = made.iter().skip(1).cloned().collect();
    check_eq!(
        names(admin.list_consumers(&stream).await?),
        left,
        "the consumers that are listed after one was deleted"
    );
    let outcome = admin.list_consumers(&trial.stream_name("missing")?).await;
    refused_as(
        outcome,
        ErrorKind::NotFound,
        Some(10059),
        "to list the consumers of a stream that is not there",
    )?;
    Ok(())
}

fn names(listed: Vec<pubsub_core::ConsumerInfo>) -> Vec<ConsumerName> {
    listed.into_iter().map(|info| info.name).collect()
}
