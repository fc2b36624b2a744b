//! Stopping a consumer for a while.

use std::time::Duration;

use pubsub_core::ErrorKind;
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::harness::Clock;
use crate::trial::{SettleSurely as _, Trial};

/// Longer than a case.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// M6: a paused consumer delivers nothing and says until when; what is in flight can be settled; it goes on by itself at the
/// end, or when it is resumed, also for who waits already.
pub(crate) async fn delivers_nothing(trial: &Trial) -> CaseResult {
    let pause = match trial.clock() {
        // Within the case's patience.
        Clock::Virtual => Duration::from_secs(300),
        Clock::Real => Duration::from_millis(600),
    };
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let (admin, name) = (trial.admin()?, consumer.name());
    trial.publish_many("a", 3).await?;
    let held = consumer.next().await?;

    let until = trial.wall_clock() + DAY;
    admin.pause_consumer(&stream, name, until).await?;
    let told = consumer.info().await?.paused_until;
    let apart = told.and_then(|told| told.duration_since(until).or_else(|_| until.duration_since(told)).ok());
    check!(
        apart.is_some_and(|apart| apart < Duration::from_millis(100)),
        "paused until {told:?}, not {until:?}"
    );
    held.ack_confirmed_if_possible(trial).await?;
    let came = consumer.fetch(5, pause / 4).await?;
    check!(came.is_empty(), "{} messages came in the pause", came.len());
    // A shorter one takes its place; the rest comes to who waits, when that is over.
    let began = Instant::now();
    admin.pause_consumer(&stream, name, trial.wall_clock() + pause).await?;
    for sequence in 2..=3 {
        let delivery = consumer.next().await?;
        check_eq!(delivery.info().stream_sequence, sequence, "what comes after the pause");
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    let waited = began.elapsed();
    check!(waited + Duration::from_millis(3) >= pause, "the pause of {pause:?} was over after {waited:?}");
    check!(waited < pause + trial.slack(), "the pause of {pause:?} was over after {waited:?}");
    check_eq!(consumer.info().await?.paused_until, None, "until when it is paused after its pause");

    admin.pause_consumer(&stream, name, trial.wall_clock() + DAY).await?;
    trial.publish("a", "in the pause").await?;
    admin.resume_consumer(&stream, name).await?;
    check_eq!(consumer.info().await?.paused_until, None, "until when it is paused when it was resumed");
    consumer.next().await?.ack_confirmed_if_possible(trial).await?;
    // Of one that is not paused, it is no error.
    admin.resume_consumer(&stream, name).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    let missing = admin.pause_consumer(&stream, &trial.consumer_name("missing")?, until).await;
    refused_as(missing, ErrorKind::NotFound, Some(10014), "the pause of a consumer that is not there")?;
    Ok(())
}
