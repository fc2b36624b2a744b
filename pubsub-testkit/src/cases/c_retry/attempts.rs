//! How attempts are counted.

use crate::check::{CaseResult, check_eq};
use crate::trial::{TestConsumer, Trial};

/// C1: the attempts of a message count 1, 2, 3, ..., by nak and by ack wait alike; the count is the broker's, so that it
/// goes on over a new connection; each message has its own.
pub(crate) async fn count_and_persist(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", "retried").await?;

    let first = trial.another_connection().await?;
    let before = trial.open(&first, &consumer).await?;
    for attempt in 1..=2 {
        at_attempt(&before, attempt).await?.nak().await?;
    }
    first.close().await?;

    let second = trial.another_connection().await?;
    let after = trial.open(&second, &consumer).await?;
    let expired = at_attempt(&after, 3).await?;
    let last = at_attempt(&after, 4).await?;
    check_eq!(last.info().stream_sequence, expired.info().stream_sequence, "the message of attempt 4");
    last.ack().await?;

    trial.publish("a", "another").await?;
    at_attempt(&after, 1).await?.ack().await?;
    consumer.drained();
    Ok(())
}

async fn at_attempt(consumer: &TestConsumer<'_>, attempt: u64) -> CaseResult<pubsub_core::Delivery> {
    let delivery = consumer.next().await?;
    check_eq!(delivery.info().attempt, attempt, "the attempt of the next delivery");
    check_eq!(delivery.info().is_redelivery(), attempt > 1, "whether it says that it is a redelivery");
    Ok(delivery)
}
