//! Message ids.

use std::time::Duration;

use crate::check::{CaseResult, check, check_eq};
use crate::harness::Clock;
use crate::trial::Trial;

/// E5: one id is stored once within the window, and the receipt of the second says duplicate and names the first;
/// duplicates do not prolong the window; after it the id is stored again; other ids are not touched.
pub(crate) async fn once_per_window(trial: &Trial) -> CaseResult {
    let window = match trial.clock() {
        Clock::Virtual => Duration::from_secs(120),
        // The shortest that JetStream takes is 100 ms; a publish must surely fit into half of it.
        Clock::Real => Duration::from_secs(1),
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
