//! The settlements themselves: acks together, everything else one by one.

use crate::Capability;
use crate::consume::Consumer;
use crate::message::{Delivery, Settlement};
use crate::worker::{Failure, Outcome, Settled};

/// A message that is to be acknowledged, and what to tell of it then.
pub(super) struct Acked {
    pub(super) delivery: Delivery,
    pub(super) settled: Option<Settled>,
}

/// Acknowledges all of them. `confirmed` waits for the broker, so that the last acks of a process are not lost with it.
/// Returns what to tell of those that are settled.
pub(super) async fn ack(
    consumer: &dyn Consumer,
    acks: Vec<Acked>,
    confirmed: bool,
    outcome: &mut Outcome,
) -> Vec<Settled> {
    if acks.is_empty() {
        return Vec::new();
    }
    let confirmed = confirmed && consumer.capabilities().has(Capability::ConfirmedSettlement);
    let settlement = if confirmed { Settlement::ack().confirmed() } else { Settlement::ack() };
    let (deliveries, told): (Vec<_>, Vec<_>) =
        acks.into_iter().map(|acked| (acked.delivery, acked.settled)).unzip();
    let mut settled = Vec::new();
    for (outcome_of_one, told) in consumer.settle_many(deliveries, settlement).await.into_iter().zip(told) {
        match outcome_of_one {
            Ok(()) => {
                outcome.done += 1;
                settled.extend(told);
            }
            Err(error) => unsettled(&error, outcome),
        }
    }
    settled
}

/// Settles one.
pub(super) async fn one(delivery: Delivery, settlement: Settlement, outcome: &mut Outcome) {
    if let Err(error) = delivery.settle(settlement).await {
        unsettled(&error, outcome);
    }
}

fn unsettled(error: &crate::Error, outcome: &mut Outcome) {
    tracing::warn!(%error, "a settlement failed; the message comes again");
    outcome.unsettled += 1;
}

/// Says in the log that a message was given up. Its payload is not shown.
pub(super) fn log_given_up(delivery: &Delivery, attempts: u64, failure: &Failure, kept: bool) {
    let info = delivery.info();
    let (stream, consumer, sequence) = (&info.stream, &info.consumer, info.stream_sequence);
    let reason = failure.chain();
    if kept {
        tracing::warn!(%stream, %consumer, sequence, attempts, reason, "a message went to the dead letters");
    } else {
        tracing::error!(%stream, %consumer, sequence, attempts, reason, "a message was given up and is lost");
    }
}
