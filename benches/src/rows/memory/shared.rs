//! Row 17, first half: four producers, four consumers that share one durable.

use std::sync::Arc;

use crate::Result;
use crate::contenders::{floor, memory, payload};
use crate::row::{Claim, Row};
use crate::sample::{Sample, Stopwatch};

const EACH: &str = "ours, dyn, subscribe + ack";
const BATCHES: &str = "ours, dyn, publish_batch + fetch + settle_many";
const FLOOR: &str = "floor: hand-written ack queue, direct";

const TASKS: u64 = 4;

pub(super) fn row_17() -> Row {
    Row::new("17", "mem.ack.4p4c", "4 producers, 4 consumers of one durable, 128 B", 400_000)
        .run(EACH, each)
        .run(BATCHES, batches)
        .run(FLOOR, |messages| floor::shared(TASKS, 128, messages))
        .run("floor: batches of 64 in and acked, direct", |messages| {
            floor::shared_batches(TASKS, 128, messages)
        })
        .claim(Claim::rate(EACH, FLOOR, 0.8, 1.5).stretch(2.5))
        .claim(Claim::rate(BATCHES, FLOOR, 0.8, 1.5).stretch(2.5))
}

async fn each(messages: u64) -> Result<Sample> {
    let (bus, each) = (memory::Bus::new().await?, messages / TASKS);
    bus.consumer("shared", None).await?;
    let mut running = Vec::new();
    let watch = Stopwatch::start();
    for _ in 0..TASKS {
        running.push(tokio::spawn(memory::consume_each(bus.open("shared").await?, each)));
        running.push(tokio::spawn(memory::publish_each(Arc::clone(&bus.publisher), payload(128), each)));
    }
    for task in running {
        task.await??;
    }
    Ok(watch.stop(each * TASKS))
}

async fn batches(messages: u64) -> Result<Sample> {
    let (bus, each) = (memory::Bus::new().await?, messages / TASKS);
    bus.consumer("shared", None).await?;
    let mut running = Vec::new();
    let watch = Stopwatch::start();
    for _ in 0..TASKS {
        running.push(tokio::spawn(memory::consume_batches(bus.open("shared").await?, each)));
        running.push(tokio::spawn(memory::publish_batches(Arc::clone(&bus.publisher), payload(128), each)));
    }
    for task in running {
        task.await??;
    }
    Ok(watch.stop(each * TASKS))
}
