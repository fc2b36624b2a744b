//! The scenarios of the rows, on the hand-written queue.

use std::sync::Arc;

use super::Floor;
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

async fn publish(floor: &Floor, bytes: usize, messages: u64) {
    let payload = crate::contenders::payload(bytes);
    for _ in 0..messages {
        // As any well-behaved task that never waits, so that others run.
        tokio::task::consume_budget().await;
        floor.publish(payload.clone());
    }
}

async fn publish_batches(floor: &Floor, bytes: usize, messages: u64) {
    let payload = crate::contenders::payload(bytes);
    let mut left = usize::try_from(messages).unwrap_or(usize::MAX);
    while left > 0 {
        tokio::task::consume_budget().await;
        let size = left.min(BATCH);
        floor.publish_all(std::iter::repeat_n(payload.clone(), size));
        left -= size;
    }
}

async fn consume(floor: &Floor, group: usize, messages: u64) {
    for _ in 0..messages {
        tokio::task::consume_budget().await;
        let handed = floor.next(group).await;
        std::hint::black_box((&handed.payload, &handed.subject));
        floor.ack(group, &handed);
    }
}

async fn consume_batches(floor: &Floor, group: usize, messages: u64) {
    let mut left = usize::try_from(messages).unwrap_or(usize::MAX);
    while left > 0 {
        tokio::task::consume_budget().await;
        let batch = floor.next_batch(group, left.min(BATCH)).await;
        left -= batch.len();
        floor.ack_all(group, &batch);
    }
}
