//! Clocks that differ.

use std::time::{Duration, SystemTime};

use pubsub_core::{Capability, DeliverPolicy};
use tokio::time::Instant;

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::harness::Clock;
use crate::trial::Trial;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// H9: that the broker's wall clock is a day ahead of the program's does no harm: ack waits and delays are as long as ever,
/// ids are remembered, times that are told are of one of the two. On virtual time the broker's day passes and the program's
/// does not; the clock of a real server is not the kit's to set.
pub(crate) async fn does_no_harm(trial: &Trial) -> CaseResult {
    if trial.clock() == Clock::Real {
        return Err(Failure::skip("needs a store whose clock can be set"));
    }
    let stream = trial.stream().await?;
    trial.pass(DAY).await;
    let ahead = trial.wall_clock().duration_since(SystemTime::now()).unwrap_or_default();
    check!(ahead > DAY / 2, "the broker's clock is {ahead:?} ahead");

    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish("a", "x").await?;
    let first = consumer.next().await?;
    let told = first.info().published_at;
    // A store in the process may tell the program's time.
    let clocks = [trial.wall_clock(), SystemTime::now()];
    let apart =
        clocks.map(|now| now.duration_since(told).or_else(|_| told.duration_since(now)).unwrap_or(DAY));
    check!(
        apart.iter().any(|apart| *apart < Duration::from_secs(60)),
        "the message was published {apart:?} from now"
    );
    let taken = Instant::now();
    drop(first);
    let again = consumer.next().await?;
    let waited = taken.elapsed();
    check_eq!(again.info().attempt, 2, "the attempt after the ack wait");
    check!(waited < trial.ack_wait() * 2, "the message came again after {waited:?}");
    again.ack().await?;

    if trial.has(Capability::MessageId) {
        trial.publish_with_id("a", "one").await?;
        check!(trial.publish_with_id("a", "one").await?.is_duplicate(), "the id was forgotten");
        consumer.take_and_ack(1).await?;
    }
    if trial.has(Capability::StartPosition) {
        let since = DeliverPolicy::FromTime(told);
        let since =
            trial.create_consumer(&stream, trial.consumer_config("since")?.with_deliver(since)).await?;
        let first = since.next().await?;
        check_eq!(first.info().stream_sequence, 1, "the first since the time that was told");
        first.ack().await?;
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
