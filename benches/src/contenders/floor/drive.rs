//! The scenarios of the rows, on the hand-written queue.

use std::sync::Arc;

use super::{Floor, Message};
use crate::Result;
use crate::contenders::memory::BATCH;
use crate::sample::{Sample, Stopwatch};

/// So many producers and as many consumers that share one group, one message at a time.
pub(crate) async fn shared(tasks: u64, bytes: usize, messages: u64) -> Result<Sample> {
    let floor = Arc::new(Floor::new(1));
    let each = messages / tasks;
    let watch = Stopwatch::start();
    let mut running = Vec::new();
    for _ in 0..tasks {
        let consumer = Arc::clone(&floor);
        running.push(tokio::spawn(async move { consume(&consumer, 0, each).await }));
        let producer = Arc::clone(&floor);
        running.push(tokio::spawn(async move { publish(&producer, bytes, each).await }));
    }
    for task in running {
        task.await?;
    }
    Ok(watch.stop(each * tasks))
}

/// The same, a batch at a time.
pub(crate) async fn shared_batches(tasks: u64, bytes: usize, messages: u64) -> Result<Sample> {
    let floor = Arc::new(Floor::new(1));
    let each = messages / tasks;
    let watch = Stopwatch::start();
    let mut running = Vec::new();
    for _ in 0..tasks {
        let consumer = Arc::clone(&floor);
        running.push(tokio::spawn(async move { consume_batches(&consumer, 0, each).await }));
        let producer = Arc::clone(&floor);
        running.push(tokio::spawn(async move { publish_batches(&producer, bytes, each).await }));
    }
    for task in running {
        task.await?;
    }
    Ok(watch.stop(each * tasks))
}

/// One producer, and so many groups of one consumer each. Deliveries are counted.
pub(crate) async fn fan_out(groups: u64, bytes: usize, messages: u64) -> Result<Sample> {
    let floor = Arc::new(Floor::new(usize::try_from(groups)?));
    let each = messages / groups;
    let watch = Stopwatch::start();
    let mut running = Vec::new();
    for group in 0..usize::try_from(groups)? {
        let consumer = Arc::clone(&floor);
        running.push(tokio::spawn(async move { consume(&consumer, group, each).await }));
    }
    publish(&floor, bytes, each).await;
    for task in running {
        task.await?;
    }
    Ok(watch.stop(each * groups))
}

// None of these gives way to others of its own accord, as nothing does that is written for one program.

#[expect(clippy::unused_async, reason = "a task")]
async fn publish(floor: &Floor, bytes: usize, messages: u64) {
    let message = message(bytes);
    for _ in 0..messages {
        floor.publish(message.clone());
    }
}

#[expect(clippy::unused_async, reason = "a task")]
async fn publish_batches(floor: &Floor, bytes: usize, messages: u64) {
    let message = message(bytes);
    let mut left = usize::try_from(messages).unwrap_or(usize::MAX);
    while left > 0 {
        let size = left.min(BATCH);
        floor.publish_all(std::iter::repeat_n(message.clone(), size));
        left -= size;
    }
}

async fn consume(floor: &Floor, group: usize, messages: u64) {
    for _ in 0..messages {
        let handed = floor.next(group).await;
        std::hint::black_box((&handed.message.subject, &handed.message.payload));
        floor.ack(group, &handed);
    }
}

async fn consume_batches(floor: &Floor, group: usize, messages: u64) {
    let mut left = usize::try_from(messages).unwrap_or(usize::MAX);
    while left > 0 {
        let batch = floor.next_batch(group, left.min(BATCH)).await;
        left -= batch.len();
        floor.ack_all(group, &batch);
    }
}

fn message(bytes: usize) -> Message {
    Message { subject: "bench.one".into(), payload: crate::contenders::payload(bytes) }
}
