//! Message ids.

use std::time::Duration;

use pubsub_core::{Capability, Purge, Retention};

use crate::check::{CaseResult, check, check_eq};
use crate::harness::Clock;
use crate::trial::{SettleSurely as _, Trial};

/// E5: one id is stored once within the window, and the receipt of the second says duplicate and names the first;
/// duplicates do not prolong the window; after it the id is stored again; other ids are not touched.
pub(crate) async fn once_per_window(trial: &Trial) -> CaseResult {
    let window = match trial.clock() {
        Clock::Virtual => Duration::from_secs(120),
        // The shortest that JetStream takes is 100 ms; five publishes must surely fit into half of it.
        Clock::Real => Duration::from_secs(2),
    };
    let config = trial.stream_config("stream", &[">"])?.with_duplicate_window(window);
    let stream = trial.create_stream(config).await?;
    let consumer = trial.consumer(&stream, "reader").await?;

    let first = trial.publish_with_id("a", "one").await?;
    let again = trial.publish_with_id("a", "one").await?;
    let elsewhere = trial.publish_with_id("b", "one").await?;
    let other = trial.publish_with_id("a", "two").await?;
    check!(!first.is_duplicate() && !other.is_duplicate(), "the first of an id was called a duplicate");
    check!(again.is_duplicate(), "the second of an id was not called a duplicate");
    check!(elsewhere.is_duplicate(), "the id was forgotten on another subject of the stream");
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
