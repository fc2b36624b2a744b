//! Row 20: a publish costs the same however many consumers nobody reads from.

use std::sync::Arc;

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const ONE: &str = "publish with 1 idle consumer";
const MANY: &str = "publish with 10,000 idle consumers";

pub(super) fn row_20() -> Row {
    Row::new("20", "mem.idle.consumers", "unfiltered consumers of one stream", 300_000)
        .run(ONE, |messages| publish(1, messages))
        .run(MANY, |messages| publish(10_000, messages))
        .claim(Claim::at_most(Metric::Time, MANY, ONE, 2.0, 1.2))
}

async fn publish(consumers: u32, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    for number in 0..consumers {
        bus.consumer(&format!("idle-{number}"), None).await?;
    }
    let watch = Stopwatch::start();
    memory::publish_each(Arc::clone(&bus.publisher), payload(128), messages).await?;
    Ok(watch.stop(messages))
}
