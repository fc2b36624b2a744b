//! Setting a consumer that runs back or forward.

use pubsub_core::{Capability, DeliverPolicy, ErrorKind, Purge};

use crate::check::{CaseResult, check_eq, refused_as};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

async fn sequences(consumer: &TestConsumer<'_>, count: usize) -> CaseResult<Vec<(u64, u64)>> {
    let came = consumer.take_and_ack(count).await?;
    Ok(came.iter().map(|info| (info.stream_sequence, info.attempt)).collect())
}

/// D11: a consumer can be set back and forward while it runs: it goes on there, with attempts counted anew, also for who
/// has subscribed already; to its ack floor, what was unsettled comes again as new. Settlements of before have no effect.
pub(crate) async fn goes_on_there(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish_many("a", 6).await?;
    check_eq!(sequences(&consumer, 4).await?, [(1, 1), (2, 1), (3, 1), (4, 1)], "what came before");
    let admin = trial.admin()?;

    let info = admin.reset_consumer(&stream, consumer.name(), Some(2)).await?;
    check_eq!((info.ack_pending, info.pending), (0, 5), "ack pending and pending after it was set to 2");
    check_eq!(sequences(&consumer, 2).await?, [(2, 1), (3, 1)], "what comes after it was set to 2");
    admin.reset_consumer(&stream, consumer.name(), Some(6)).await?;
    check_eq!(sequences(&consumer, 1).await?, [(6, 1)], "what comes after it was set to 6");
    consumer.drained();

    admin.reset_consumer(&stream, consumer.name(), Some(1)).await?;
    let mut held = consumer.take(3).await?;
    held.remove(0).ack_confirmed_if_possible(trial).await?;
    consumer.eventually("the first is settled", |info| info.ack_pending == 2).await?;
    let info = admin.reset_consumer(&stream, consumer.name(), None).await?;
    check_eq!((info.ack_pending, info.pending), (0, 5), "ack pending and pending at the ack floor");
    check_eq!(
        sequences(&consumer, 5).await?.first(),
        Some(&(2, 1)),
        "what comes after it was set to its floor"
    );
    drop(held);

    let mut deliveries = consumer.subscribe(2);
    trial.publish("a", "live").await?;
    deliveries.next().await?.ack_confirmed_if_possible(trial).await?;
    admin.reset_consumer(&stream, consumer.name(), Some(5)).await?;
    for sequence in 5..=7 {
        let delivery = deliveries.next().await?;
        check_eq!(delivery.info().stream_sequence, sequence, "what comes to a subscription after a reset");
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    consumer.drained();
    Ok(())
}

/// D24: a place that the consumer's start does not allow is refused, and the consumer stays where it is. One that is gone
/// means the next that is there, and one beyond the end is waited for, as on nats-server.
pub(crate) async fn wrong_places_are_refused(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    trial.publish_many("a", 6).await?;
    let admin = trial.admin()?;
    let config = trial.consumer_config("from-three")?;
    let config = if trial.has(Capability::StartPosition) {
        config.with_deliver(DeliverPolicy::FromSequence(3))
    } else {
        config
    };
    let consumer = trial.create_consumer(&stream, config).await?;
    if trial.has(Capability::StartPosition) {
        check_eq!(sequences(&consumer, 1).await?, [(3, 1)], "the first of a consumer that starts with 3");
        let before = admin.reset_consumer(&stream, consumer.name(), Some(2)).await;
        refused_as(before, ErrorKind::InvalidInput, Some(10204), "a place before the consumer's start")?;
        check_eq!(sequences(&consumer, 1).await?, [(4, 1)], "what comes after the refusal");

        let new = trial.consumer_config("new")?.with_deliver(DeliverPolicy::New);
        let new = trial.create_consumer(&stream, new).await?;
        let outcome = admin.reset_consumer(&stream, new.name(), Some(1)).await;
        refused_as(
            outcome,
            ErrorKind::InvalidInput,
            Some(10204),
            "a place for a consumer that starts at the end",
        )?;
        trial.publish("a", "live").await?;
        check_eq!(sequences(&new, 1).await?, [(7, 1)], "what comes to it after the refusal");
    }
    let missing = trial.consumer_name("missing")?;
    let outcome = admin.reset_consumer(&stream, &missing, Some(1)).await;
    refused_as(outcome, ErrorKind::NotFound, Some(10014), "the reset of a consumer that is not there")?;

    let everything = trial.consumer(&stream, "everything").await?;
    if trial.has(Capability::Purge) {
        admin.purge_stream(&stream, Purge::up_to(5)).await?;
        admin.reset_consumer(&stream, everything.name(), Some(4)).await?;
        check_eq!(sequences(&everything, 1).await?, [(5, 1)], "what comes for a place that is gone");
    }
    let last = admin.stream_info(&stream).await?.last_sequence;
    admin.reset_consumer(&stream, everything.name(), Some(last + 2)).await?;
    trial.publish_many("a", 2).await?;
    check_eq!(sequences(&everything, 1).await?, [(last + 2, 1)], "what comes for a place beyond the end");
    Ok(())
}
