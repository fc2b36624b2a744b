//! What the limits of a stream remove and refuse.

use std::time::Duration;

use bytes::Bytes;
use pubsub_core::{Discard, ErrorKind, PublisherExt as _, Receipt, StreamConfig, StreamInfo, StreamName};
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::harness::Clock;
use crate::trial::{TestConsumer, Trial};

/// The payload of messages whose size counts. Brokers account for headers and framing differently.
const SIZE: usize = 1000;
const MAX_BYTES: u64 = 5 * SIZE as u64;

/// E1: a full stream that discards old removes the oldest, by messages, bytes and messages per subject; one that discards
/// new refuses, and has what it had; a message over the size limit is refused, and a consumer over the number of them; a
/// message leaves at its age and not before.
pub(crate) async fn discard_old_and_new(trial: &Trial) -> CaseResult {
    oldest_leave(trial).await?;
    newest_are_refused(trial).await?;
    bytes_bound_both(trial).await?;
    each_subject_has_its_bound(trial).await?;
    large_messages_are_refused(trial).await?;
    consumers_are_refused(trial).await?;
    old_messages_leave(trial).await
}

/// A stream for the subject of this label alone, and its consumer.
async fn made<'t>(
    trial: &'t Trial,
    label: &str,
    change: impl FnOnce(StreamConfig) -> StreamConfig,
) -> CaseResult<(StreamName, TestConsumer<'t>)> {
    let stream = trial.create_stream(change(trial.stream_config(label, &[label])?)).await?;
    let consumer = trial.consumer(&stream, label).await?;
    Ok((stream, consumer))
}

async fn info(trial: &Trial, stream: &StreamName) -> CaseResult<StreamInfo> {
    Ok(trial.admin()?.stream_info(stream).await?)
}

async fn sequences(consumer: &TestConsumer<'_>, count: usize) -> CaseResult<Vec<u64>> {
    let came = consumer.take_and_ack(count).await?;
    let pending = consumer.info().await?.pending;
    check_eq!(pending, 0, "what the consumer still has to get");
    Ok(came.iter().map(|info| info.stream_sequence).collect())
}

async fn publish_large(trial: &Trial, label: &str) -> CaseResult<pubsub_core::Result<Receipt>> {
    let message = trial.message(label, Bytes::from(vec![b'x'; SIZE]))?;
    Ok(trial.publisher().publish_message(message).await)
}

async fn oldest_leave(trial: &Trial) -> CaseResult {
    let (stream, consumer) = made(trial, "old", |config| config.with_max_messages(3)).await?;
    trial.publish_many("old", 5).await?;
    let held = info(trial, &stream).await?;
    let held = (held.messages, held.first_sequence, held.last_sequence);
    check_eq!(held, (3, 3, 5), "messages, first and last sequence after 5 into a stream of 3");
    check_eq!(sequences(&consumer, 3).await?, [3, 4, 5], "what is left of 5 in a stream of 3");
    Ok(())
}

async fn newest_are_refused(trial: &Trial) -> CaseResult {
    let config = |config: StreamConfig| config.with_max_messages(3).with_discard(Discard::New);
    let (stream, consumer) = made(trial, "new", config).await?;
    trial.publish_many("new", 3).await?;
    let message = trial.message("new", "one too many")?;
    let outcome = trial.publisher().publish_message(message).await;
    let error = refused_as(outcome, ErrorKind::Conflict, Some(10077), "a publish to a full stream")?;
    check!(!error.is_effect_unknown(), "a refused publish is called one of unknown effect: {error}");
    let held = info(trial, &stream).await?;
    let held = (held.messages, held.first_sequence, held.last_sequence);
    check_eq!(held, (3, 1, 3), "messages, first and last sequence after the refusal");
    check_eq!(sequences(&consumer, 3).await?, [1, 2, 3], "what a stream keeps that refuses new messages");
    Ok(())
}

async fn bytes_bound_both(trial: &Trial) -> CaseResult {
    let (stream, consumer) = made(trial, "bytes-old", |config| config.with_max_bytes(MAX_BYTES)).await?;
    for _ in 0..10 {
        publish_large(trial, "bytes-old").await??;
    }
    let held = info(trial, &stream).await?;
    check!(held.bytes <= MAX_BYTES, "{} bytes are in a stream of {MAX_BYTES}", held.bytes);
    // How many fit depends on the broker's accounting.
    check!((1..=5).contains(&held.messages), "{} messages of {SIZE} are in {MAX_BYTES} bytes", held.messages);
    check_eq!(held.last_sequence, 10, "the newest message");
    check_eq!(held.first_sequence, 11 - held.messages, "the oldest message that is left");
    let left: Vec<u64> = (held.first_sequence..=10).collect();
    check_eq!(sequences(&consumer, left.len()).await?, left, "what is left of 10 large messages");

    let config = |config: StreamConfig| config.with_max_bytes(MAX_BYTES).with_discard(Discard::New);
    let (stream, _) = made(trial, "bytes-new", config).await?;
    let mut stored = 0;
    let error = loop {
        match publish_large(trial, "bytes-new").await? {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        check!(stored <= 5, "{stored} messages of {SIZE} were taken into {MAX_BYTES} bytes");
    };
    let refusal = (error.kind(), error.broker_code());
    check_eq!(refusal, (ErrorKind::Conflict, Some(10077)), "the refusal of a stream full of bytes ({error})");
    let held = info(trial, &stream).await?;
    check_eq!(
        (held.first_sequence, held.last_sequence),
        (1, stored),
        "first and last sequence after the refusal"
    );
    Ok(())
}

async fn each_subject_has_its_bound(trial: &Trial) -> CaseResult {
    let config = trial.stream_config("each", &["each.*"])?.with_max_messages_per_subject(2);
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "each").await?;
    for label in ["each.x", "each.x", "each.y", "each.x", "each.x"] {
        trial.publish(label, label).await?;
    }
    check_eq!(info(trial, &stream).await?.messages, 3, "the messages on both subjects");
    check_eq!(sequences(&consumer, 3).await?, [3, 4, 5], "the newest two of each subject");
    Ok(())
}

async fn large_messages_are_refused(trial: &Trial) -> CaseResult {
    // Enough above what is small, and below what is large, for the framing that a broker may count.
    let (stream, consumer) = made(trial, "size", |config| config.with_max_message_size(500)).await?;
    let outcome = publish_large(trial, "size").await?;
    refused_as(outcome, ErrorKind::PayloadTooLarge, Some(10054), "a message over the stream's size limit")?;
    check_eq!(info(trial, &stream).await?.messages, 0, "the messages after the refusal");
    trial.publish("size", "small").await?;
    check_eq!(sequences(&consumer, 1).await?, [1], "what fits");
    Ok(())
}

async fn consumers_are_refused(trial: &Trial) -> CaseResult {
    let (stream, first) = made(trial, "readers", |config| config.with_max_consumers(1)).await?;
    let admin = trial.admin()?;
    let outcome = admin.create_consumer(&stream, trial.consumer_config("one-too-many")?).await;
    refused_as(outcome, ErrorKind::Conflict, Some(10026), "a consumer over the stream's number of them")?;
    check_eq!(info(trial, &stream).await?.consumers, 1, "the consumers after the refusal");
    admin.delete_consumer(&stream, first.name()).await?;
    trial.consumer(&stream, "in-its-place").await.map(drop)
}

async fn old_messages_leave(trial: &Trial) -> CaseResult {
    let age = match trial.clock() {
        Clock::Virtual => Duration::from_secs(60),
        Clock::Real => Duration::from_millis(800),
    };
    let (stream, consumer) = made(trial, "age", |config| config.with_max_age(age)).await?;
    let published = Instant::now();
    trial.publish("age", "ages").await?;
    let empty = || async { Ok(info(trial, &stream).await?.messages == 0) };
    trial.eventually("the message has left", empty).await?;
    let lived = published.elapsed();
    // Timers have a granularity of a millisecond.
    check!(lived + Duration::from_millis(3) >= age, "a message with the age {age:?} left after {lived:?}");
    check!(lived <= age * 3 + trial.slack(), "a message with the age {age:?} left after {lived:?}");
    let gone = info(trial, &stream).await?;
    check_eq!(
        (gone.first_sequence, gone.last_sequence),
        (2, 1),
        "first and last sequence of the stream that is empty"
    );
    let after = trial.publish("age", "young").await?;
    check_eq!(
        sequences(&consumer, 1).await?,
        after.sequence.into_iter().collect::<Vec<_>>(),
        "what comes after it"
    );
    Ok(())
}
