//! One million messages through one stream that keeps all of them, and ten million.

use std::sync::Arc;

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const SHORT: &str = "1,000,000 messages through one stream";
const LONG: &str = "10,000,000 messages through one stream";

pub(super) fn row() -> Row {
    Row::new("length", "scale.length", "published, consumed and acked in batches; all are kept", 10_000_000)
        .run_share(0.1, SHORT, through)
        .run(LONG, through)
        .claim(Claim::at_most(Metric::Time, LONG, SHORT, 2.0, 1.3))
}

async fn through(messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let consumer = bus.consumer("reader", None).await?;
    let watch = Stopwatch::start();
    let consumed = tokio::spawn(memory::consume_batches(consumer, messages));
    memory::publish_batches(Arc::clone(&bus.publisher), payload(16), messages).await?;
    consumed.await??;
    Ok(watch.stop(messages))
}
