//! Settling ten thousand unsettled deliveries, and a million, the newest first.

use std::sync::Arc;

use pubsub_core::{Delivery, FetchOptions, Settlement};

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const FEW: &str = "10,000 unsettled: deliver, nak, deliver, ack";
const MANY: &str = "1,000,000 unsettled: deliver, nak, deliver, ack";

pub(super) fn row() -> Row {
    Row::new(
        "pending",
        "scale.pending",
        "all are delivered, then each comes again, then each is acked",
        1_000_000,
    )
    .run_share(0.01, FEW, pending)
    .run(MANY, pending)
    // log2 of the one is 1.5 times that of the other.
    .claim(Claim::at_most(Metric::Time, MANY, FEW, 4.0, 2.0))
}

async fn pending(messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    memory::publish_batches(Arc::clone(&bus.publisher), payload(16), messages).await?;
    let consumer = bus.consumer("reader", None).await?;
    let watch = Stopwatch::start();
    for settlement in [Settlement::nak(), Settlement::ack()] {
        let mut held: Vec<Delivery> = Vec::new();
        while held.len() < usize::try_from(messages)? {
            held.extend(consumer.fetch(FetchOptions::up_to(1_000)).await?);
        }
        held.reverse();
        for settled in consumer.settle_many(held, settlement).await {
            settled?;
        }
    }
    Ok(watch.stop(messages))
}
