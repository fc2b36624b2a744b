//! A worker, and the loop that one would write by hand in its place, on a consumer of a full stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use futures::StreamExt as _;
use pubsub_core::worker::{Binding, Router, Worker, WorkerHandle};
use pubsub_core::{AckPolicy, Broker, Client, Consumer, ConsumerConfig, Limit, SubscribeOptions};

use super::memory::{Bus, publish_batches};
use super::nats::Site;
use crate::Result;
use crate::sample::{Sample, Stopwatch};

/// The size of every payload.
const BYTES: usize = 128;
const STREAM: &str = "BENCH";
const CONSUMER: &str = "reader";

/// What is done with a message.
#[derive(Debug, Clone, Default)]
struct Work {
    done: Arc<AtomicU64>,
}

impl Work {
    /// Whether that was the last one.
    fn is_done(&self, payload: &Bytes, messages: u64) -> bool {
        debug_assert_eq!(payload.len(), BYTES);
        self.done.fetch_add(1, Relaxed) + 1 == messages
    }
}

fn config() -> Result<ConsumerConfig> {
    Ok(ConsumerConfig::durable(CONSUMER)?
        .with_max_ack_pending(Limit::Unlimited)
        .with_max_deliver(Limit::Unlimited))
}

/// The worker as it is by default, with an async function for each message.
async fn run_worker(broker: Arc<dyn Broker>, messages: u64) -> Result<()> {
    let work = Work::default();
    let handler = move |payload: Bytes, worker: WorkerHandle| {
        let work = work.clone();
        async move {
            if work.is_done(&payload, messages) {
                worker.stop();
            }
        }
    };
    let router = Router::new().route("bench.>", handler)?;
    let binding = Binding::new(STREAM, config()?, router)?.discard_dead_letters();
    let outcome = Worker::new(Client::new(broker)).bind(binding).run().await?.into_result()?;
    if outcome.done < messages {
        return Err(format!("the worker has done {} of {messages}", outcome.done).into());
    }
    Ok(())
}

/// A subscription, an async function for each message, an ack for each.
async fn run_loop(consumer: Arc<dyn Consumer>, messages: u64) -> Result<()> {
    let work = Work::default();
    let handler = |payload: Bytes| {
        let work = work.clone();
        async move { work.is_done(&payload, messages) }
    };
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    loop {
        let delivery = deliveries.next().await.ok_or("the subscription has ended")??;
        let is_last = handler(delivery.payload().clone()).await;
        delivery.ack().await?;
        if is_last {
            return Ok(());
        }
    }
}

async fn full_bus(messages: u64) -> Result<Bus> {
    let bus = Bus::new().await?;
    publish_batches(Arc::clone(&bus.publisher), super::payload(BYTES), messages).await?;
    bus.admin.create_consumer(&bus.stream, config()?.with_filters(["bench.>"])?).await?;
    Ok(bus)
}

pub(crate) async fn worker_on_memory(messages: u64) -> Result<Sample> {
    let bus = full_bus(messages).await?;
    let watch = Stopwatch::start();
    run_worker(Arc::clone(&bus.broker), messages).await?;
    Ok(watch.stop(messages))
}

pub(crate) async fn loop_on_memory(messages: u64) -> Result<Sample> {
    let bus = full_bus(messages).await?;
    let consumer = bus.open(CONSUMER).await?;
    let watch = Stopwatch::start();
    run_loop(consumer, messages).await?;
    Ok(watch.stop(messages))
}

async fn full_site(messages: u64) -> Result<Site> {
    let site = Site::new().await?;
    site.fill(messages).await?;
    site.consumer_of(config()?.with_filters(["bench.>"])?.with_ack(AckPolicy::Explicit)).await?;
    Ok(site)
}

pub(crate) async fn worker_on_nats(messages: u64) -> Result<Sample> {
    let site = full_site(messages).await?;
    let watch = site.watch();
    run_worker(Arc::clone(&site.broker), messages).await?;
    site.settled(&CONSUMER.try_into()?, messages).await?;
    Ok(watch.stop(messages))
}

pub(crate) async fn loop_on_nats(messages: u64) -> Result<Sample> {
    let site = full_site(messages).await?;
    let consumer = site.open(&CONSUMER.try_into()?).await?;
    let watch = site.watch();
    run_loop(consumer, messages).await?;
    site.settled(&CONSUMER.try_into()?, messages).await?;
    Ok(watch.stop(messages))
}
