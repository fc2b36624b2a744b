//! How an engine settles: acks together, everything else one by one.

use std::sync::Arc;
use std::time::Duration;

use crate::consume::Consumer;
use crate::message::{Delivery, Settlement};
use crate::publish::{PublishOptions, Publisher};
use crate::worker::dead_letters::DeadLetters;
use crate::worker::{Failure, Outcome};
use crate::{Capability, Result};

/// Acknowledges all of them. `confirmed` waits for the broker, so that the last acks of a process are not lost with it.
pub(super) async fn ack(
    consumer: &dyn Consumer,
    deliveries: Vec<Delivery>,
    confirmed: bool,
    outcome: &mut Outcome,
) {
    if deliveries.is_empty() {
        return;
    }
    let confirmed = confirmed && consumer.capabilities().has(Capability::ConfirmedSettlement);
    let settlement = if confirmed { Settlement::ack().confirmed() } else { Settlement::ack() };
    for settled in consumer.settle_many(deliveries, settlement).await {
        match settled {
            Ok(()) => outcome.done += 1,
            Err(error) => unsettled(&error, outcome),
        }
    }
}

/// Settles one.
pub(super) async fn one(delivery: Delivery, settlement: Settlement, outcome: &mut Outcome) -> bool {
    match delivery.settle(settlement).await {
        Ok(()) => true,
        Err(error) => {
            unsettled(&error, outcome);
            false
        }
    }
}

fn unsettled(error: &crate::Error, outcome: &mut Outcome) {
    tracing::warn!(%error, "a settlement failed; the message comes again");
    outcome.unsettled += 1;
}

/// Stores the copy of a message that is given up, trying again for a while. The original is untouched.
pub(super) async fn keep(
    dead_letters: DeadLetters,
    publisher: Arc<dyn Publisher>,
    copy: Result<crate::OutboundMessage>,
) -> Result<()> {
    const TRIES: u32 = 5;
    let copy = copy?;
    let mut wait = Duration::from_millis(100);
    for tried in 1.. {
        let stored =
            async { publisher.publish_with(copy.clone(), PublishOptions::default()).await?.await }.await;
        match stored {
            Ok(_) => break,
            Err(error) if tried >= TRIES => {
                return Err(error.with_context("dead_letters", &dead_letters.stream().name));
            }
            Err(_) => tokio::time::sleep(wait).await,
        }
        wait *= 2;
    }
    Ok(())
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
