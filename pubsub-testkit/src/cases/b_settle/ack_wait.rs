//! What happens to a delivery that is not settled.

use std::time::Duration;

use pubsub_core::counters;
use tokio::time::Instant;

use crate::check::{CaseResult, check, check_eq, text};
use crate::harness::Clock;
use crate::trial::Trial;

/// B5: a message whose handler extends it for three ack waits is not delivered again meanwhile.
pub(crate) async fn extend_keeps_the_lease(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", "slow").await?;
    // Since when it is leased at the earliest.
    let mut leased = Instant::now();
    let mut slow = consumer.next().await?;
    let (ack_wait, mut extended) = (trial.ack_wait(), 0);
    while extended < 9 {
        let asked = Instant::now();
        // A fetch is what lets a message come again: without one, an expired lease would go unnoticed.
        if let Some(again) = consumer.fetch(1, ack_wait / 3).await?.pop() {
            let held = leased.elapsed();
            check!(held >= ack_wait, "the message came again although it was extended {held:?} before");
            // The machine was too busy to extend it in time: once more from the beginning.
            (slow, leased, extended) = (again, asked, 0);
            continue;
        }
        leased = Instant::now();
        slow.extend().await?;
        extended += 1;
    }
    slow.ack().await?;
    consumer.eventually("no message is unsettled", |info| info.ack_pending == 0).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// B6: a message that is not settled comes again when its ack wait is over, not before, and soon after it; the others are not
/// touched. An ack wait is not rounded.
pub(crate) async fn expiry_redelivers(trial: &Trial) -> CaseResult {
    let ack_wait = match trial.clock() {
        Clock::Virtual => trial.ack_wait() + Duration::from_millis(250),
        Clock::Real => trial.ack_wait(),
    };
    let stream = trial.stream().await?;
    let config = trial.consumer_config("reader")?.with_ack_wait(ack_wait);
    let consumer = trial.create_consumer(&stream, config).await?;
    trial.publish_many("a", 3).await?;
    let asked = Instant::now();
    let mut held = None;
    for delivery in consumer.take(3).await? {
        match delivery.payload().as_ref() {
            b"1" => held = Some(delivery),
            _ => delivery.ack().await?,
        }
    }
    let again = consumer.next().await?;
    let waited = asked.elapsed();
    check_eq!((text(again.payload()), again.info().attempt), ("1".into(), 2), "what came again");
    check!(waited < ack_wait + trial.slack(), "it came again after {waited:?}; the ack wait is {ack_wait:?}");
    again.ack().await?;
    drop(held);
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// B9: a delivery that is dropped unsettled is counted, is not acked by it, and comes again, once per ack wait.
pub(crate) async fn dropped_delivery_comes_again_once(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", "dropped").await?;
    let (before, asked) = (counters::abandoned_deliveries(), Instant::now());
    drop(consumer.next().await?);
    check!(counters::abandoned_deliveries() > before, "the dropped delivery was not counted");

    let again = consumer.next().await?;
    check_eq!(
        (text(again.payload()), again.info().attempt),
        ("dropped".into(), 2),
        "what came after the drop"
    );
    let twice = consumer.fetch(10, trial.ack_wait() / 2).await?;
    // Unless the machine was too busy to look in time.
    check!(twice.is_empty() || asked.elapsed() >= trial.ack_wait() * 2, "the dropped message came twice");
    again.ack().await?;
    for again in twice {
        again.ack().await?;
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
