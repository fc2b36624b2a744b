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
    let began = Instant::now();
    at_once.take_and_ack(4).await?;
    check!(began.elapsed() < pauses[2], "the other consumer took {:?}", began.elapsed());

    let mut last: Option<(Instant, std::time::SystemTime)> = None;
    for sequence in 1..=4 {
        let delivery = replay.next().await?;
        let (now, stored) = (Instant::now(), delivery.info().published_at);
        check_eq!(delivery.info().stream_sequence, sequence, "the next message of the replay");
        if let Some((before, stored_before)) = last {
            let (apart, wanted) = (now - before, stored.duration_since(stored_before).unwrap_or_default());
            // The one before may have been late.
            check!(
                apart + wanted / 2 + Duration::from_millis(20) >= wanted,
                "{apart:?} instead of {wanted:?}"
            );
            check!(apart < wanted + wanted / 2 + Duration::from_secs(1), "{apart:?} instead of {wanted:?}");
        }
        last = Some((now, stored));
        delivery.ack().await?;
    }
    replay.drained();
    at_once.drained();
    check_eq!(trial.admin()?.stream_info(&stream).await?.last_sequence, 4, "the last message of the stream");
    Ok(())
}
