//! Redelivery after times that grow.

use std::time::Duration;

use pubsub_core::{Capability, ErrorKind};
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::harness::Clock;
use crate::trial::{TestConsumer, Trial};

fn waits(trial: &Trial) -> [Duration; 2] {
    match trial.clock() {
        Clock::Virtual => [Duration::from_secs(10), Duration::from_secs(60)],
        Clock::Real => [Duration::from_millis(200), Duration::from_millis(500)],
    }
}

/// Times of which the first is longer than a busy machine needs for a nak and what comes of it.
fn long_waits(trial: &Trial) -> [Duration; 2] {
    match trial.clock() {
        Clock::Virtual => waits(trial),
        Clock::Real => [Duration::from_secs(10), Duration::from_millis(10_300)],
    }
}

async fn consumer(trial: &Trial, waits: [Duration; 2]) -> CaseResult<TestConsumer<'_>> {
    let stream = trial.stream().await?;
    trial.create_consumer(&stream, trial.consumer_config("reader")?.with_backoff(waits)).await
}

/// M4: what is not settled comes again after the first time of the backoff, then after the second, and after the last one
/// from then on; the first is shown as the consumer's ack wait. Fewer attempts than times are refused.
pub(crate) async fn grows(trial: &Trial) -> CaseResult {
    let consumer = consumer(trial, waits(trial)).await?;
    let [short, long] = waits(trial);
    let config = consumer.info().await?.config;
    check_eq!(config.backoff, [short, long], "the backoff as the broker has it");
    check_eq!(config.effective_ack_wait(), short, "the ack wait that it stands for");
    trial.publish("a", "x").await?;
    // From before the first was asked for: how long each was on its way does not matter then.
    let (began, mut before) = (Instant::now(), Instant::now());
    let mut earliest = Duration::ZERO;
    for (attempt, due) in [(1, Duration::ZERO), (2, short), (3, long), (4, long)] {
        let delivery = consumer.next().await?;
        check_eq!(delivery.info().attempt, attempt, "the attempt");
        earliest += due;
        let (since, waited) = (began.elapsed(), before.elapsed());
        check!(since + Duration::from_millis(3) >= earliest, "attempt {attempt} came after {since:?}");
        check!(
            waited < due + trial.slack(),
            "attempt {attempt} came {waited:?} after the one before, not {due:?}"
        );
        before = Instant::now();
        if attempt == 4 {
            delivery.ack().await?;
        }
    }
    consumer.eventually("it is settled", |info| info.ack_pending == 0).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();

    let few = trial.consumer_config("few")?.with_backoff(waits(trial)).with_max_deliver(1);
    let outcome = trial.admin()?.create_consumer(consumer.stream(), few).await;
    refused_as(outcome, ErrorKind::Config, Some(10116), "a backoff of two times for one attempt")?;
    Ok(())
}

/// M5: a nak does not wait for the backoff. With a delay it comes not before the delay; nats-server adds what the backoff
/// has grown by until then (measured on 2.10 to 2.15).
pub(crate) async fn is_passed_by_a_nak(trial: &Trial) -> CaseResult {
    let [short, long] = long_waits(trial);
    let consumer = consumer(trial, [short, long]).await?;
    trial.publish("a", "x").await?;
    consumer.next().await?.nak().await?;
    let nakked = Instant::now();
    let again = consumer.next().await?;
    check!(nakked.elapsed() < short, "a nak waited for {:?}, as long as the backoff", nakked.elapsed());
    check_eq!(again.info().attempt, 2, "the attempt after a nak");
    if trial.has(Capability::NakDelay) {
        let (delay, nakked) = (short / 25, Instant::now());
        again.nak_after(delay).await?;
        let again = consumer.next().await?;
        check_eq!(again.info().attempt, 3, "the attempt after a nak with a delay");
        let (waited, due) = (nakked.elapsed(), delay + long - short);
        check!(
            waited + Duration::from_millis(3) >= due,
            "a nak with a delay came after {waited:?}, not {due:?}"
        );
        check!(waited < due + trial.slack(), "a nak with a delay came after {waited:?} instead of {due:?}");
        again.ack().await?;
    } else {
        again.ack().await?;
    }
    consumer.eventually("it is settled", |info| info.ack_pending == 0).await?;
    consumer.drained();
    Ok(())
}
