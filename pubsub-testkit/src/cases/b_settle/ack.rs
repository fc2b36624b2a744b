//! Acknowledging.

use pubsub_core::{Capability, ErrorKind, Settlement};

use crate::check::{CaseResult, check, check_eq, refused};
use crate::trial::Trial;

/// B1: an acked message leaves the consumer's pending ones and does not come again when its ack wait is over.
pub(crate) async fn ends_redelivery(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish_many("a", 3).await?;
    let deliveries = consumer.take(3).await?;
    check_eq!(consumer.info().await?.ack_pending, 3, "the unsettled messages before the acks");
    for delivery in deliveries {
        delivery.ack().await?;
    }
    consumer.eventually("no message is unsettled", |info| info.ack_pending == 0).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// B8: acks of two deliveries of one message are harmless, and a nak of the older one after the ack of the newer one
/// does not bring the message back.
pub(crate) async fn second_settlement_is_harmless(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    for second in [Settlement::ack(), Settlement::nak()] {
        trial.publish("a", "x").await?;
        let older = consumer.next().await?;
        // Held beyond its ack wait, so that the message comes again while this delivery is still there.
        let newer = consumer.next().await?;
        check_eq!(newer.info().stream_sequence, older.info().stream_sequence, "the message that came again");
        check_eq!(newer.info().attempt, 2, "its attempt");
        newer.ack().await?;
        older.settle(second).await?;
        consumer.eventually("no message is unsettled", |info| info.ack_pending == 0).await?;
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// B13: a confirmed settlement tells when the consumer or its stream is gone; an unconfirmed one need not.
pub(crate) async fn confirmed_after_deletion(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let admin = trial.admin()?;
    let settlements = [Settlement::ack(), Settlement::nak()].into_iter();
    let term = trial.has(Capability::Term).then(Settlement::term);
    for settlement in settlements.chain(term) {
        let consumer = trial.consumer(&stream, "deleted").await?;
        trial.publish("a", "x").await?;
        let delivery = consumer.next().await?;
        admin.delete_consumer(&stream, consumer.name()).await?;
        let outcome =
            trial.in_time("the settlement", delivery.settle(settlement.clone().confirmed())).await?;
        let error = refused(outcome, "a settlement after the deletion of its consumer")?;
        check_eq!(error.kind(), ErrorKind::NotFound, "the kind of the error of {settlement:?} ({error})");
        check!(!error.is_effect_unknown(), "the error leaves the effect unknown: {error}");
    }
    let consumer = trial.consumer(&stream, "without-stream").await?;
    let delivery = consumer.next().await?;
    admin.delete_stream(&stream).await?;
    let outcome = trial.in_time("the settlement", delivery.ack_confirmed()).await?;
    let error = refused(outcome, "a settlement after the deletion of its stream")?;
    check_eq!(
        error.kind(),
        ErrorKind::NotFound,
        "the kind of the error after the deletion of the stream ({error})"
    );
    Ok(())
}
