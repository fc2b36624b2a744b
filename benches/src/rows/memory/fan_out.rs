//! Row 17, second half: one producer, four consumers that each get every message.

use std::sync::Arc;

use crate::Result;
use crate::contenders::{floor, memory, payload};
use crate::row::{Claim, Row};
use crate::sample::{Sample, Stopwatch};

const EACH: &str = "ours, dyn, subscribe + ack";
const BATCHES: &str = "ours, dyn, publish_batch + fetch + settle_many";
const FLOOR: &str = "floor: hand-written ack queue, direct";

const CONSUMERS: u64 = 4;

pub(super) fn row_17() -> Row {
    Row::new("17", "mem.ack.fan4", "1 producer, 4 consumers with every message, 128 B, per delivery", 400_000)
        .run(EACH, each)
        .run(BATCHES, batches)
        .run(FLOOR, |messages| floor::fan_out(CONSUMERS, 128, messages))
        .claim(Claim::rate(EACH, FLOOR, 0.85, 2.5).stretch(6.0))
        .claim(Claim::rate(BATCHES, FLOOR, 0.85, 2.5).stretch(6.0))
}

async fn each(messages: u64) -> Result<Sample> {
    let (bus, each) = (memory::Bus::new().await?, messages / CONSUMERS);
    let mut running = Vec::new();
    let mut consumers = Vec::new();
    for number in 0..CONSUMERS {
        consumers.push(bus.consumer(&format!("reader-{number}"), None).await?);
    }
    let watch = Stopwatch::start();
    for consumer in consumers {
        running.push(tokio::spawn(memory::consume_each(consumer, each)));
    }
    memory::publish_each(Arc::clone(&bus.publisher), payload(128), each).await?;
    for task in running {
        task.await??;
    }
    Ok(watch.stop(each * CONSUMERS))
}

async fn batches(messages: u64) -> Result<Sample> {
    let (bus, each) = (memory::Bus::new().await?, messages / CONSUMERS);
    let mut running = Vec::new();
    let mut consumers = Vec::new();
    for number in 0..CONSUMERS {
        consumers.push(bus.consumer(&format!("reader-{number}"), None).await?);
    }
    let watch = Stopwatch::start();
    for consumer in consumers {
        running.push(tokio::spawn(memory::consume_batches(consumer, each)));
    }
    memory::publish_batches(Arc::clone(&bus.publisher), payload(128), each).await?;
    for task in running {
        task.await??;
    }
    Ok(watch.stop(each * CONSUMERS))
}
