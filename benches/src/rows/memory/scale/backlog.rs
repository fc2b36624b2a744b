//! Publishing and consuming with nothing, and with a million messages, between the two.

use std::sync::Arc;

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const NONE: &str = "publish, fetch, ack behind nothing";
const LONG: &str = "publish, fetch, ack behind 1,000,000 messages";
const FILTERED: &str = "the same with a filter on the subject, 1,000,000";

pub(super) fn row() -> Row {
    Row::new("backlog", "scale.backlog", "a consumer that is up to date, and one far behind", 300_000)
        .run(NONE, |messages| behind(0, None, messages))
        .run(LONG, |messages| behind(1_000_000, None, messages))
        .run(FILTERED, |messages| behind(1_000_000, Some(memory::SUBJECT), messages))
        .claim(Claim::at_most(Metric::Time, LONG, NONE, 2.0, 1.2))
        .claim(Claim::at_most(Metric::Time, FILTERED, NONE, 3.0, 1.5))
}

/// In turns, so that the backlog stays as long as it is.
async fn behind(backlog: u64, filter: Option<&str>, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let consumer = bus.consumer("reader", filter).await?;
    memory::publish_batches(Arc::clone(&bus.publisher), payload(16), backlog).await?;
    let watch = Stopwatch::start();
    let mut left = messages;
    while left > 0 {
        let size = left.min(64);
        memory::publish_batches(Arc::clone(&bus.publisher), payload(16), size).await?;
        memory::consume_batches(Arc::clone(&consumer), size).await?;
        left -= size;
    }
    Ok(watch.stop(messages))
}
