//! Messages with the time between them with which they were stored.

use std::time::Duration;

use pubsub_core::ReplayPolicy;
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq};
use crate::harness::Clock;
use crate::trial::Trial;

/// E10: a consumer that replays gets messages with the time between them with which they were stored, in their order, and
/// nothing is stored by it; another consumer of the same stream gets them at once.
pub(crate) async fn keeps_the_spacing(trial: &Trial) -> CaseResult {
    let pauses = match trial.clock() {
        Clock::Virtual => [Duration::from_secs(10), Duration::ZERO, Duration::from_secs(60)],
        Clock::Real => [Duration::from_millis(200), Duration::ZERO, Duration::from_millis(400)],
    };
    let stream = trial.stream().await?;
    trial.publish("a", "0").await?;
    for pause in pauses {
        trial.pass(pause).await;
        trial.publish("a", "next").await?;
    }
    let replay = trial.consumer_config("replay")?.with_replay(ReplayPolicy::Original);
    let replay = trial.create_consumer(&stream, replay.with_ack_wait(Duration::from_secs(3600))).await?;
    let at_once = trial.consumer(&stream, "at-once").await?;
    // What is there comes at once, in one batch.
    let batch = at_once.fetch(4, trial.patience()).await?;
    check_eq!(batch.len(), 4, "the messages that come to the other consumer at once");
    for delivery in batch {
        delivery.ack().await?;
    }

    // From before the first was asked for: how late each came does not matter then.
    let began = Instant::now();
    let mut first: Option<std::time::SystemTime> = None;
    for sequence in 1..=4 {
        let delivery = replay.next().await?;
        let (now, stored) = (Instant::now(), delivery.info().published_at);
        check_eq!(delivery.info().stream_sequence, sequence, "the next message of the replay");
        let since = stored.duration_since(*first.get_or_insert(stored)).unwrap_or_default();
        let waited = now - began;
        // Times of storing are those of another clock.
        check!(
            waited + Duration::from_millis(20) >= since,
            "{sequence} came after {waited:?} instead of {since:?}"
        );
        check!(waited < since + trial.slack(), "{sequence} came after {waited:?} instead of {since:?}");
        delivery.ack().await?;
    }
    replay.drained();
    at_once.drained();
    check_eq!(trial.admin()?.stream_info(&stream).await?.last_sequence, 4, "the last message of the stream");
    Ok(())
}
