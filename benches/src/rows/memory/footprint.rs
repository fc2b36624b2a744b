//! Row 19: what the backend keeps for a message, an unsettled delivery, and a consumer that nobody uses.

use std::future::Future;
use std::sync::Arc;

use pubsub_core::FetchOptions;

use crate::Result;
use crate::contenders::{memory, payload};
use crate::row::{Claim, Metric, Row};
use crate::sample::Sample;

const STORED: &str = "heap per stored message";
const PENDING: &str = "heap per unsettled delivery";
const CONSUMER: &str = "heap per consumer";

pub(super) fn row_19() -> Row {
    Row::new("19", "mem.footprint", "bytes over the payload", 200_000)
        .run(STORED, |messages| on_one_thread(move || stored(messages)))
        .run(PENDING, |messages| on_one_thread(move || pending(messages)))
        .run_share(0.05, CONSUMER, |consumers| on_one_thread(move || idle(consumers)))
        .claim(Claim::absolute(Metric::Bytes, STORED, 96.0, 64.0))
        .claim(Claim::absolute(Metric::Bytes, PENDING, 96.0, 64.0))
        .claim(Claim::absolute(Metric::Bytes, CONSUMER, 2048.0, 512.0))
}

/// The counter is a thread's, so all of it happens on one.
async fn on_one_thread<F, R>(run: F) -> Result<Sample>
where
    F: FnOnce() -> R + Send + 'static,
    R: Future<Output = Result<Sample>>,
{
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run())
    };
    tokio::task::spawn_blocking(run).await?
}

/// What lives on of what `future` allocates.
async fn kept<T>(future: impl Future<Output = Result<T>>) -> Result<(i64, T)> {
    let mut future = std::pin::pin!(future);
    let mut bytes = 0;
    let value = std::future::poll_fn(|context| {
        let mut polled = std::task::Poll::Pending;
        bytes += allocation_counter::measure(|| polled = future.as_mut().poll(context)).bytes_current;
        polled
    });
    let value = value.await?;
    Ok((bytes, value))
}

async fn stored(messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let publish = memory::publish_each(Arc::clone(&bus.publisher), payload(128), messages);
    let (bytes, ()) = kept(publish).await?;
    Ok(Sample::of_bytes(messages, bytes))
}

/// The delivery that the reader holds is not part of it.
async fn pending(messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    memory::publish_each(Arc::clone(&bus.publisher), payload(128), messages).await?;
    let consumer = bus.consumer("reader", None).await?;
    let take_all = async {
        let mut left = usize::try_from(messages)?;
        while left > 0 {
            let batch = consumer.fetch(FetchOptions::up_to(left.min(1_000))).await?;
            left -= batch.len();
            // Not dropped as a delivery, which would be logged; dropped as a message, which settles nothing.
            batch.into_iter().for_each(|delivery| drop(delivery.into_message()));
        }
        Ok(())
    };
    let (bytes, ()) = kept(take_all).await?;
    Ok(Sample::of_bytes(messages, bytes))
}

async fn idle(consumers: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let create = async {
        for number in 0..consumers {
            bus.consumer(&format!("idle-{number}"), None).await?;
        }
        Ok(())
    };
    let (bytes, ()) = kept(create).await?;
    Ok(Sample::of_bytes(consumers, bytes))
}
