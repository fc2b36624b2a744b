//! Publishing and consuming beside one consumer, and beside 10,000, that wait for other subjects.

use std::sync::Arc;

use futures::StreamExt as _;
use pubsub_core::SubscribeOptions;

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::{Sample, Stopwatch};

const ONE: &str = "beside 1 consumer that waits in vain";
const MANY: &str = "beside 10,000 consumers that wait in vain";

pub(super) fn row() -> Row {
    Row::new(
        "consumers",
        "scale.consumers",
        "consumers whose filters do not match, each with a reader",
        300_000,
    )
    .run(ONE, |messages| beside(1, messages))
    .run(MANY, |messages| beside(10_000, messages))
    .claim(Claim::at_most(Metric::Time, MANY, ONE, 2.0, 1.2))
}

async fn beside(others: u32, messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let mut waiting = Vec::new();
    for number in 0..others {
        let filter = format!("bench.other.{number}");
        let consumer = bus.consumer(&format!("other-{number}"), Some(&filter)).await?;
        let mut deliveries = consumer.subscribe(SubscribeOptions::default());
        // One poll, so that it waits.
        let polled = futures::poll!(deliveries.next());
        if polled.is_ready() {
            return Err("a consumer got what its filter does not match".into());
        }
        waiting.push(deliveries);
    }
    let reader = bus.consumer("reader", Some(memory::SUBJECT)).await?;
    let watch = Stopwatch::start();
    let consumed = tokio::spawn(memory::consume_each(reader, messages));
    memory::publish_each(Arc::clone(&bus.publisher), payload(128), messages).await?;
    consumed.await??;
    Ok(watch.stop(messages))
}
