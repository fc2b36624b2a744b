//! Message ids.

use std::time::Duration;

use pubsub_core::{Capability, PublisherExt as _, Purge, Retention, StreamName};

use crate::check::{CaseResult, check, check_eq};
use crate::harness::Clock;
use crate::trial::{SettleSurely as _, Trial};

/// E5: one id is stored once within the window, and the receipt of the second says duplicate and names the first;
/// duplicates do not prolong the window; after it the id is stored again; other ids are not touched, nor is the same id in
/// another stream.
pub(crate) async fn once_per_window(trial: &Trial) -> CaseResult {
    let window = match trial.clock() {
        // Not the default of two minutes, which who does not look at the configuration has too.
        Clock::Virtual => Duration::from_secs(60),
        // The shortest that JetStream takes is 100 ms; a few publishes must surely fit into half of it.
        Clock::Real => Duration::from_secs(2),
    };
    let config = trial.stream_config("stream", &["a", "b"])?.with_duplicate_window(window);
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "reader").await?;

    // To connect takes its time, which is not to be the window's.
    let another = trial.another_connection().await?;
    let first = trial.publish_with_id("a", "one").await?;
    let again = trial.publish_with_id("a", "one").await?;
    let elsewhere = trial.publish_with_id("b", "one").await?;
    let other = trial.publish_with_id("a", "two").await?;
    check!(!first.is_duplicate() && !other.is_duplicate(), "the first of an id was called a duplicate");
    check!(again.is_duplicate(), "the second of an id was not called a duplicate");
    check!(elsewhere.is_duplicate(), "the id was forgotten on another subject of the stream");
    let theirs = trial.message("a", "one")?.with_id("one")?;
    let theirs = another.publisher().publish_message(theirs).await?;
    check!(theirs.is_duplicate(), "the id was forgotten over another connection");
    check_eq!(theirs.sequence, first.sequence, "the sequence of the duplicate over another connection");
    check_eq!(again.sequence, first.sequence, "the sequence of the duplicate");

    // Half a window later the id is still known, and that must not prolong the window.
    trial.pass(window / 2).await;
    let late = trial.publish_with_id("a", "one").await?;
    check!(late.is_duplicate(), "the id was forgotten within its window of {window:?}");
    trial.pass(window / 2).await;
    stored_again(trial, window).await?;

    consumer.take_and_ack(3).await?;
    consumer.drained();
    let info = trial.admin()?.stream_info(&stream).await?;
    check_eq!(info.messages, 3, "the messages in the stream");
    each_stream_has_its_own_ids(trial, &stream).await
}

/// A publisher that makes ids of the keys of its data has the same one in two streams.
async fn each_stream_has_its_own_ids(trial: &Trial, stream: &StreamName) -> CaseResult {
    let other = trial.create_stream(trial.stream_config("other", &["c"])?).await?;
    let first = trial.publish_with_id("a", "in both").await?;
    let elsewhere = trial.publish_with_id("c", "in both").await?;
    check_eq!((&first.stream, &elsewhere.stream), (stream, &other), "the streams of two receipts");
    check!(!elsewhere.is_duplicate(), "an id of one stream was called a duplicate in another");
    let again = trial.publish_with_id("c", "in both").await?;
    check!(again.is_duplicate(), "the second of an id was not called a duplicate in the other stream");
    check_eq!(again.sequence, elsewhere.sequence, "the sequence of the duplicate in the other stream");
    check_eq!(trial.admin()?.stream_info(&other).await?.messages, 1, "the messages in the other stream");
    Ok(())
}

/// The window of the first publish is over; a broker may forget in sweeps, so a little later than that. Had the
/// duplicate half a window ago prolonged it, it would last for another half.
async fn stored_again(trial: &Trial, window: Duration) -> CaseResult {
    let step = window / 16;
    for _ in 0..6 {
        if !trial.publish_with_id("a", "one").await?.is_duplicate() {
            return Ok(());
        }
        trial.pass(step).await;
    }
    check!(false, "the id is still a duplicate {:?} after its window", step * 6);
    Ok(())
}

/// E6: an id is remembered by its window alone: after its message was acked, and is gone from the stream where acks remove
/// it, and after a purge.
pub(crate) async fn is_remembered_after_the_ack(trial: &Trial) -> CaseResult {
    let by_work = trial.has(Capability::WorkQueueRetention);
    let mut config = trial.stream_config("stream", &[">"])?;
    if by_work {
        config = config.with_retention(Retention::WorkQueue);
    }
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let first = trial.publish_with_id("a", "one").await?;
    consumer.next().await?.ack_confirmed_if_possible(trial).await?;
    consumer.eventually("it is settled", |info| info.ack_pending == 0).await?;
    let admin = trial.admin()?;
    if by_work {
        let empty = || async { Ok(admin.stream_info(&stream).await?.messages == 0) };
        trial.eventually("the acked message has left", empty).await?;
    }

    let again = trial.publish_with_id("a", "one").await?;
    check!(again.is_duplicate(), "the id was forgotten when its message was acked");
    check_eq!(again.sequence, first.sequence, "the sequence of the duplicate");
    if trial.has(Capability::Purge) {
        admin.purge_stream(&stream, Purge::all()).await?;
        let purged = trial.publish_with_id("a", "one").await?;
        check!(purged.is_duplicate(), "the id was forgotten when its message was purged");
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
