//! Removing what is stored.

use pubsub_core::admin::PurgeExtent;
use pubsub_core::{Capability, ErrorKind, Purge, Receipt};

use super::holds;
use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::{TestConsumer, Trial};

/// E11: a purge removes everything, what is on some subjects, what is below a sequence, or all but the newest, and says how
/// much; purged messages are not delivered, not even again, nor counted as to come; the stream goes on. A deleted message leaves a gap; a deleted
/// stream is gone, and one of its name is new.
pub(crate) async fn removes_what_it_says(trial: &Trial) -> CaseResult {
    let stream = trial.create_stream(trial.stream_config("stream", &["a", "b"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    for label in ["a", "b", "a", "b", "a", "b", "a", "b"] {
        trial.publish(label, label).await?;
    }
    // 1 and 2 are in flight.
    let held = consumer.take(2).await?;
    let admin = trial.admin()?;
    let only =
        |purge: Purge, label: &str| Ok::<_, crate::check::Failure>(purge.with_filter(trial.filter(label)?)?);

    check_eq!(admin.purge_stream(&stream, Purge::up_to(3)).await?, 2, "what was below the sequence");
    holds(trial, &stream, 6).await?;
    check_eq!(
        admin.purge_stream(&stream, only(Purge::keep(1), "a")?).await?,
        2,
        "all but the newest of one subject"
    );
    holds(trial, &stream, 4).await?;
    check_eq!(admin.purge_stream(&stream, only(Purge::all(), "b")?).await?, 3, "what was on one subject");
    holds(trial, &stream, 1).await?;
    consumer.eventually("what was in flight is forgotten", |info| info.ack_pending == 0).await?;
    consumer.eventually("one message is to come", |info| info.pending == 1).await?;
    left(&consumer, &[7]).await?;
    // Late, and without effect.
    for delivery in held {
        delivery.nak().await?;
    }
    consumer.stays_silent("a").await?;

    check_eq!(admin.purge_stream(&stream, Purge::all()).await?, 2, "everything");
    let info = admin.stream_info(&stream).await?;
    let stands = (info.messages, info.first_sequence, info.last_sequence);
    check_eq!(stands, (0, 10, 9), "messages, first and last sequence of the purged stream");
    check_eq!((info.bytes, info.subjects), (0, 0), "bytes and subjects of the purged stream");
    check_eq!(admin.purge_stream(&stream, Purge::all()).await?, 0, "what is left to purge");
    consumer.eventually("nothing is to come", |info| info.pending == 0).await?;
    publish_known(trial).await?;
    left(&consumer, &[10]).await?;
    check_eq!(Purge::keep(0).extent, PurgeExtent::Keep(0), "to keep nothing");

    if trial.has(Capability::DeleteMessage) {
        gaps(trial, &consumer).await?;
    }
    admin.delete_stream(&stream).await?;
    refused_as(
        admin.stream_info(&stream).await,
        ErrorKind::NotFound,
        Some(10059),
        "a stream that is deleted",
    )?;
    made_again(trial).await
}

/// With the same id each time, where there are ids.
async fn publish_known(trial: &Trial) -> CaseResult<Receipt> {
    if trial.has(Capability::MessageId) {
        trial.publish_with_id("a", "known").await
    } else {
        trial.publish("a", "known").await
    }
}

/// A stream of a deleted one's name is new: nothing is left of what the other held, counted and knew.
async fn made_again(trial: &Trial) -> CaseResult {
    let config = trial.stream_config("stream", &["a", "b"])?;
    let stream = trial.create_stream(config).await?;
    let info = trial.admin()?.stream_info(&stream).await?;
    check_eq!(
        (info.messages, info.last_sequence),
        (0, 0),
        "messages and last sequence of a stream made again"
    );
    check_eq!(info.consumers, 0, "the consumers of a stream made again");
    let consumer = trial.consumer(&stream, "reader").await?;
    let receipt = publish_known(trial).await?;
    check!(!receipt.is_duplicate(), "an id of the deleted stream is known to the one made again");
    check_eq!(receipt.sequence, Some(1), "the first sequence of a stream made again");
    let came = consumer.next().await?;
    let place = (came.info().stream_sequence, came.info().consumer_sequence, came.info().attempt);
    check_eq!(place, (1, 1, 1), "sequence, number and attempt of what comes from a stream made again");
    came.ack().await?;
    consumer.drained();
    Ok(())
}

async fn left(consumer: &TestConsumer<'_>, sequences: &[u64]) -> CaseResult {
    let came = consumer.take_and_ack(sequences.len()).await?;
    let came: Vec<_> = came.iter().map(|info| info.stream_sequence).collect();
    check_eq!(came, sequences, "what the purge has left");
    Ok(())
}

async fn gaps(trial: &Trial, consumer: &TestConsumer<'_>) -> CaseResult {
    let (admin, stream) = (trial.admin()?, consumer.stream());
    trial.publish_many("b", 3).await?;
    admin.delete_message(stream, 12).await?;
    refused_as(
        admin.delete_message(stream, 12).await,
        ErrorKind::NotFound,
        Some(10043),
        "the deletion of a message that is gone",
    )?;
    consumer.eventually("two messages are to come", |info| info.pending == 2).await?;
    left(consumer, &[11, 13]).await?;
    check_eq!(admin.stream_info(stream).await?.deleted, 1, "the gaps in the stream");
    consumer.stays_silent("b").await
}
