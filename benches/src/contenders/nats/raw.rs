//! async-nats 0.51, as its own examples use it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use pubsub_core::AckPolicy;
use pubsub_nats::async_nats::jetstream::consumer::PullConsumer;
use pubsub_nats::async_nats::jetstream::context::PublishAckFuture;
use pubsub_nats::async_nats::jetstream::message::PublishMessage;
use pubsub_nats::async_nats::jetstream::{Context, Message};
use tokio::time::{Interval, MissedTickBehavior};

use super::{BYTES, Ids, SUBJECT, Site};
use crate::Result;
use crate::contenders::payload;
use crate::sample::{Sample, Stopwatch};

/// With one ack for all before, each so-manieth message is acked.
pub(crate) const ACK_EVERY: u64 = 100;
/// Between two messages of a row that measures latency.
const PACE: Duration = Duration::from_millis(2);

struct Outgoing {
    context: Context,
    ids: Ids,
    /// As random, and as long, as those that ours makes.
    prefix: String,
}

impl Outgoing {
    async fn of(site: &Site, ids: Ids) -> Result<Self> {
        let context = site.raw().await?;
        let inbox = context.client().new_inbox();
        let prefix = inbox.rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Self { context, ids, prefix })
    }

    async fn publish(&self, number: u64) -> Result<PublishAckFuture> {
        Ok(match self.ids {
            Ids::Off => self.context.publish(SUBJECT, payload(BYTES)).await?,
            Ids::On => {
                let message = PublishMessage::build().payload(payload(BYTES));
                let message = message.message_id(format!("{}{number:x}", self.prefix));
                self.context.send_publish(SUBJECT, message).await?
            }
        })
    }

    async fn each(&self, from: u64, messages: u64) -> Result<()> {
        for number in from..from + messages {
            self.publish(number).await?.await?;
        }
        Ok(())
    }

    async fn sliding(&self, window: usize, messages: u64) -> Result<()> {
        let mut pending: VecDeque<PublishAckFuture> = VecDeque::with_capacity(window);
        for number in 0..messages {
            if pending.len() == window
                && let Some(ack) = pending.pop_front()
            {
                ack.await?;
            }
            pending.push_back(self.publish(number).await?);
        }
        for ack in pending {
            ack.await?;
        }
        Ok(())
    }
}

pub(crate) async fn each(ids: Ids, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let outgoing = Outgoing::of(&site, ids).await?;
    let watch = site.watch();
    outgoing.each(0, messages).await?;
    site.published(watch, messages).await
}

pub(crate) async fn sliding(ids: Ids, window: usize, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let outgoing = Outgoing::of(&site, ids).await?;
    let watch = site.watch();
    outgoing.sliding(window, messages).await?;
    site.published(watch, messages).await
}

pub(crate) async fn concurrent(ids: Ids, callers: u64, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let outgoing = Arc::new(Outgoing::of(&site, ids).await?);
    let (each, mut running) = (messages / callers, Vec::new());
    let watch = site.watch();
    for caller in 0..callers {
        let outgoing = Arc::clone(&outgoing);
        running.push(tokio::spawn(async move { outgoing.each(caller * each, each).await }));
    }
    for task in running {
        task.await??;
    }
    site.published(watch, each * callers).await
}

async fn open(site: &Site, policy: AckPolicy) -> Result<PullConsumer> {
    let name = site.consumer(policy).await?;
    Ok(site.raw().await?.get_consumer_from_stream(name, &site.stream).await?)
}

async fn ack_each(consumer: PullConsumer, messages: u64, mut came: impl FnMut() + Send) -> Result<()> {
    let mut incoming = consumer.messages().await?;
    for _ in 0..messages {
        let message = incoming.next().await.ok_or("the stream has ended")??;
        came();
        message.ack().await?;
    }
    Ok(())
}

/// `messages()`, and an ack as the policy wants it.
pub(crate) async fn consume(policy: AckPolicy, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    site.fill(messages).await?;
    let consumer = open(&site, policy).await?;
    let name = "reader".try_into()?;
    let watch = site.watch();
    let mut incoming = consumer.messages().await?;
    for number in 1..=messages {
        let message = incoming.next().await.ok_or("the stream has ended")??;
        let acks = match policy {
            AckPolicy::Explicit => true,
            AckPolicy::All => number % ACK_EVERY == 0 || number == messages,
            _ => false,
        };
        if acks {
            message.ack().await?;
        }
    }
    if policy != AckPolicy::None {
        site.settled(&name, messages).await?;
    }
    Ok(watch.stop(messages))
}

async fn double_ack(message: Message) -> Result<()> {
    message.double_ack().await
}

/// `double_ack`, so many at once.
pub(crate) async fn confirmed(at_once: usize, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    site.fill(messages).await?;
    let consumer = open(&site, AckPolicy::Explicit).await?;
    let watch = site.watch();
    let incoming = consumer.messages().await?.take(usize::try_from(messages)?);
    let acking = incoming.map(|message| async { double_ack(message?).await });
    let mut acks = acking.buffer_unordered(at_once);
    while let Some(acked) = acks.next().await {
        acked?;
    }
    Ok(watch.stop(messages))
}

/// From the publish of all, 256 in flight, to the ack of all.
pub(crate) async fn end_to_end(messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let consumer = open(&site, AckPolicy::Explicit).await?;
    let name = "reader".try_into()?;
    let outgoing = Outgoing::of(&site, Ids::On).await?;
    let watch = site.watch();
    let consuming = tokio::spawn(ack_each(consumer, messages, || ()));
    outgoing.sliding(256, messages).await?;
    consuming.await??;
    site.settled(&name, messages).await?;
    Ok(watch.stop(messages))
}

/// From a publish to its delivery, when there is time between two.
pub(crate) async fn latency(messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let consumer = open(&site, AckPolicy::Explicit).await?;
    let outgoing = Outgoing::of(&site, Ids::On).await?;
    let watch = site.watch();
    let received = Times::default();
    let times = Arc::clone(&received);
    let consuming = tokio::spawn(ack_each(consumer, messages, move || note(&times)));
    let (mut sent, mut pace) = (Vec::new(), pace());
    for number in 0..messages {
        pace.tick().await;
        sent.push(Instant::now());
        outgoing.publish(number).await?.await?;
    }
    consuming.await??;
    Ok(under_way(watch, &sent, &received))
}

pub(super) fn pace() -> Interval {
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

/// The times at which messages came.
pub(super) type Times = Arc<Mutex<Vec<Instant>>>;

pub(super) fn note(times: &Times) {
    times.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
}

pub(super) fn under_way(watch: Stopwatch, sent: &[Instant], received: &Times) -> Sample {
    let sample = watch.stop(u64::try_from(sent.len()).unwrap_or(u64::MAX));
    let received = received.lock().unwrap_or_else(PoisonError::into_inner);
    let under_way = received.iter().zip(sent).map(|(received, sent)| received.duration_since(*sent));
    sample.with_latencies(under_way.collect())
}
