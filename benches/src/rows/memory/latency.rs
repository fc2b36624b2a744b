//! How long a message is under way when there is time: one every 200 us, to a reader that waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use pubsub_core::{OutboundMessage, PublishOptions, Subject, SubscribeOptions};
use tokio::sync::mpsc;

use crate::Result;
use crate::contenders::{floor, memory, payload};
use crate::row::Row;
use crate::sample::{Sample, Stopwatch};

const PACE: Duration = Duration::from_micros(200);

pub(super) fn row() -> Row {
    Row::new("latency", "mem.latency", "publish to delivery, 5,000 messages a second, 128 B", 2_000)
        .run("ours, dyn, subscribe", ours)
        .run("floor: hand-written ack queue, direct", by_hand)
        .run("tokio mpsc(1024)", channel)
}

async fn ours(messages: u64) -> Result<Sample> {
    let bus = memory::Bus::new().await?;
    let mut deliveries = bus.consumer("one", None).await?.subscribe(SubscribeOptions::default());
    let subject = Subject::new(memory::SUBJECT)?;
    let watch = Stopwatch::start();
    let received = tokio::spawn(async move {
        let mut times = Vec::new();
        for _ in 0..messages {
            let delivery = deliveries.next().await.ok_or("the subscription has ended")??;
            times.push(Instant::now());
            delivery.ack().await?;
        }
        Ok(times)
    });
    let mut sent = Vec::new();
    for _ in 0..messages {
        pace().await;
        let message = OutboundMessage::new(subject.clone(), payload(128))?;
        sent.push(Instant::now());
        bus.publisher.publish_with(message, PublishOptions::default()).await?.await?;
    }
    finish(watch, messages, &sent, received.await?)
}

async fn by_hand(messages: u64) -> Result<Sample> {
    let floor = Arc::new(floor::Floor::new(1));
    let reader = Arc::clone(&floor);
    let watch = Stopwatch::start();
    let received = tokio::spawn(async move {
        let mut times = Vec::new();
        for _ in 0..messages {
            let handed = reader.next(0).await;
            times.push(Instant::now());
            reader.ack(0, &handed);
        }
        Ok(times)
    });
    let message = floor::Message { subject: memory::SUBJECT.into(), payload: payload(128) };
    let mut sent = Vec::new();
    for _ in 0..messages {
        pace().await;
        sent.push(Instant::now());
        floor.publish(message.clone());
    }
    finish(watch, messages, &sent, received.await?)
}

async fn channel(messages: u64) -> Result<Sample> {
    let (sender, mut receiver) = mpsc::channel(1024);
    let watch = Stopwatch::start();
    let received = tokio::spawn(async move {
        let mut times = Vec::new();
        for _ in 0..messages {
            receiver.recv().await.ok_or("the channel has ended")?;
            times.push(Instant::now());
        }
        Ok(times)
    });
    let mut sent = Vec::new();
    for _ in 0..messages {
        pace().await;
        sent.push(Instant::now());
        sender.send(payload(128)).await?;
    }
    finish(watch, messages, &sent, received.await?)
}

/// tokio's timer counts milliseconds, so this one is busy; it lets others run.
async fn pace() {
    let until = Instant::now() + PACE;
    while Instant::now() < until {
        tokio::task::yield_now().await;
    }
}

fn finish(
    watch: Stopwatch,
    messages: u64,
    sent: &[Instant],
    received: Result<Vec<Instant>>,
) -> Result<Sample> {
    let sample = watch.stop(messages);
    let under_way = received?.into_iter().zip(sent).map(|(received, sent)| received.duration_since(*sent));
    Ok(sample.with_latencies(under_way.collect()))
}
