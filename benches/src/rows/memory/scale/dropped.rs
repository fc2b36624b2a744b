//! Deleting messages from the middle, while a reader holds ten thousand unsettled deliveries, and a million.

use std::sync::Arc;

use pubsub_core::FetchOptions;

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const FEW: &str = "delete beside 10,000 unsettled deliveries";
const MANY: &str = "delete beside 1,000,000 unsettled deliveries";

pub(super) fn row() -> Row {
    Row::new("dropped", "scale.dropped", "messages deleted from the middle, each of them unsettled", 5_000)
        .run(FEW, |messages| delete(10_000, messages))
        .run(MANY, |messages| delete(1_000_000, messages))
        .claim(Claim::at_most(Metric::Time, MANY, FEW, 4.0, 2.0))
}

async fn delete(pending: u64, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    memory::publish_batches(Arc::clone(&bus.publisher), payload(16), pending).await?;
    let consumer = bus.consumer("reader", None).await?;
    let mut left = usize::try_from(pending)?;
    while left > 0 {
        let batch = consumer.fetch(FetchOptions::up_to(left.min(1_000))).await?;
        left -= batch.len();
        // Not dropped as a delivery, which would be logged; dropped as a message, which settles nothing.
        batch.into_iter().for_each(|delivery| drop(delivery.into_message()));
    }
    let watch = Stopwatch::start();
    for number in 0..messages {
        bus.admin.delete_message(&bus.stream, pending / 4 + number).await?;
    }
    Ok(watch.stop(messages))
}
