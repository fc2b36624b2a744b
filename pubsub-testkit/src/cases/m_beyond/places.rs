//! Where a delivery stands, and how far a consumer has come.

use pubsub_core::Delivery;

use crate::check::{CaseResult, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// M30: a delivery tells its stream, its consumer, its sequence in the one and its number with the other, which a redelivery
/// counts too, its attempt, and how many messages are to come that were never delivered. The ack floor of a consumer
/// is right below the oldest message that is not settled, and stays there when a later one is.
pub(crate) async fn are_told(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("reader")?.with_filter(trial.filter("a")?)?;
    // Longer than the case, so that nothing comes again by itself.
    let consumer = trial.create_consumer(&stream, config.with_ack_wait(trial.patience() * 4)).await?;
    for label in ["a", "b", "a", "a"] {
        trial.publish(label, label).await?;
    }
    floor(&consumer, 0).await?;
    let first = consumer.next().await?;
    at(&consumer, &first, Place { sequence: 1, number: 1, attempt: 1, pending: 2 })?;
    let second = consumer.next().await?;
    at(&consumer, &second, Place { sequence: 3, number: 2, attempt: 1, pending: 1 })?;
    let third = consumer.next().await?;
    at(&consumer, &third, Place { sequence: 4, number: 3, attempt: 1, pending: 0 })?;
    // With nothing new left, so that a nak that is still on its way is not overtaken by it.
    first.nak().await?;
    let first = consumer.next().await?;
    at(&consumer, &first, Place { sequence: 1, number: 4, attempt: 2, pending: 0 })?;

    second.ack_confirmed_if_possible(trial).await?;
    consumer.eventually("the second is settled", |info| info.ack_pending == 2).await?;
    floor(&consumer, 0).await?;
    first.ack_confirmed_if_possible(trial).await?;
    consumer.eventually("the first is settled", |info| info.ack_pending == 1).await?;
    floor(&consumer, 3).await?;
    third.ack_confirmed_if_possible(trial).await?;
    consumer.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    floor(&consumer, 4).await?;
    let floor = consumer.info().await?.ack_floor;
    check_eq!(floor.consumer, 4, "the ack floor in deliveries when everything is settled");
    consumer.drained();
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    sequence: u64,
    number: u64,
    attempt: u64,
    pending: u64,
}

fn at(consumer: &TestConsumer<'_>, delivery: &Delivery, expected: Place) -> CaseResult {
    let info = delivery.info();
    check_eq!(
        (&info.stream, &info.consumer),
        (consumer.stream(), consumer.name()),
        "stream and consumer of a delivery"
    );
    let place = Place {
        sequence: info.stream_sequence,
        number: info.consumer_sequence,
        attempt: info.attempt,
        pending: info.pending,
    };
    check_eq!(place, expected, "where a delivery says that it stands");
    Ok(())
}

/// In the sequences of the stream.
async fn floor(consumer: &TestConsumer<'_>, expected: u64) -> CaseResult {
    check_eq!(consumer.info().await?.ack_floor.stream, expected, "the ack floor");
    Ok(())
}
