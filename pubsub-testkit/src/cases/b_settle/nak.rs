//! Asking for a message again.

use std::time::Duration;

use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq, text};
use crate::harness::Clock;
use crate::trial::Trial;

const EACH: usize = 100;

/// B2: a nakked message comes again at once as attempt 2; after the naks of 300 messages over three instances every one
/// can be acked.
pub(crate) async fn redelivers(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    // Long enough that nothing comes again by its ack wait.
    let config = trial.consumer_config("shared")?.with_ack_wait(Duration::from_secs(60));
    let first = trial.create_consumer(&stream, config).await?;
    let (second, third) = (trial.another_connection().await?, trial.another_connection().await?);
    let (second, third) = (trial.open(&second, &first).await?, trial.open(&third, &first).await?);
    let instances = [&first, &second, &third];
    trial.publish_many("a", instances.len() * EACH).await?;

    let mut held = Vec::new();
    for instance in instances {
        held.extend(instance.take(EACH).await?);
    }
    let nakked = Instant::now();
    for delivery in held {
        check_eq!(delivery.info().attempt, 1, "the attempt of a first delivery");
        delivery.nak().await?;
    }
    for instance in instances {
        for delivery in instance.take(EACH).await? {
            check_eq!(delivery.info().attempt, 2, "the attempt after a nak");
            delivery.ack().await?;
        }
    }
    check!(nakked.elapsed() < Duration::from_secs(30), "the nakked messages took {:?}", nakked.elapsed());
    first.eventually("no message is unsettled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    first.drained();
    Ok(())
}

/// B3: a message nakked with a delay comes again not before the delay, and soon after it; others are not held up. A delay is
/// not rounded.
pub(crate) async fn delay_is_kept(trial: &Trial) -> CaseResult {
    let (ack_wait, delay) = match trial.clock() {
        Clock::Virtual => (Duration::from_secs(30), Duration::from_millis(10_250)),
        Clock::Real => (Duration::from_secs(30), Duration::from_millis(600)),
    };
    let stream = trial.stream().await?;
    let config = trial.consumer_config("reader")?.with_ack_wait(ack_wait);
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish("a", "delayed").await?;
    let nakked = Instant::now();
    consumer.next().await?.nak_after(delay).await?;

    trial.publish("a", "other").await?;
    let other = consumer.next().await?;
    check_eq!(text(other.payload()), "other", "what came while the other message was delayed");
    other.ack().await?;

    let again = consumer.next().await?;
    let waited = nakked.elapsed();
    check_eq!(text(again.payload()), "delayed", "what came after the delay");
    check_eq!(again.info().attempt, 2, "its attempt");
    check!(
        waited + Duration::from_millis(3) >= delay,
        "it came after {waited:?}; the nak asked for {delay:?}"
    );
    check!(waited < delay + trial.slack(), "it came after {waited:?}; the nak asked for {delay:?}");
    again.ack().await?;
    consumer.drained();
    Ok(())
}
