//! The NATS backend, through its public traits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt as _;
use pubsub_core::{
    AckPolicy, Confirm, Consumer, OutboundMessage, PendingReceipt, PublishOptions, Publisher, StreamConfig,
    Subject, SubscribeOptions,
};

use super::{BYTES, Ids, SUBJECT, Site};
use crate::Result;
use crate::contenders::payload;
use crate::sample::Sample;

/// How many messages one call of a batch has.
const BATCH: usize = 4_096;

struct Outgoing {
    publisher: Arc<dyn Publisher>,
    subject: Subject,
    options: PublishOptions,
}

impl Outgoing {
    fn of(site: &Site, ids: Ids, confirm: Confirm) -> Result<Self> {
        let mut options = PublishOptions::default().with_confirm(confirm);
        if ids == Ids::Off {
            options = options.with_retry(false);
        }
        Ok(Self { publisher: site.broker.publisher(), subject: Subject::new(SUBJECT)?, options })
    }

    fn message(&self) -> Result<OutboundMessage> {
        Ok(OutboundMessage::new(self.subject.clone(), payload(BYTES))?)
    }

    async fn publish(&self) -> Result<PendingReceipt> {
        Ok(self.publisher.publish_with(self.message()?, self.options.clone()).await?)
    }

    /// One after the other, each confirmed.
    async fn each(&self, messages: u64) -> Result<()> {
        for _ in 0..messages {
            self.publish().await?.await?;
        }
        Ok(())
    }

    /// With so many receipts outstanding; the backend's own bound counts too.
    async fn sliding(&self, window: usize, messages: u64) -> Result<()> {
        let mut pending: VecDeque<PendingReceipt> = VecDeque::with_capacity(window);
        for _ in 0..messages {
            if pending.len() == window
                && let Some(receipt) = pending.pop_front()
            {
                receipt.await?;
            }
            pending.push_back(self.publish().await?);
        }
        for receipt in pending {
            receipt.await?;
        }
        Ok(())
    }

    async fn batches(&self, messages: u64) -> Result<()> {
        let mut left = usize::try_from(messages)?;
        while left > 0 {
            let size = left.min(BATCH);
            let batch = (0..size).map(|_| self.message()).collect::<Result<Vec<_>>>()?;
            for receipt in self.publisher.publish_batch(batch, self.options.clone()).await {
                receipt?.await?;
            }
            left -= size;
        }
        Ok(())
    }
}

pub(crate) async fn each(ids: Ids, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let outgoing = Outgoing::of(&site, ids, Confirm::Full)?;
    let watch = site.watch();
    outgoing.each(messages).await?;
    site.published(watch, messages).await
}

pub(crate) async fn sliding(ids: Ids, window: usize, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let outgoing = Outgoing::of(&site, ids, Confirm::Full)?;
    let watch = site.watch();
    outgoing.sliding(window, messages).await?;
    site.published(watch, messages).await
}

/// As many receipts outstanding as the backend lets be by default.
pub(crate) async fn by_default(ids: Ids, messages: u64) -> Result<Sample> {
    sliding(ids, pubsub_nats::NatsConfig::default().max_in_flight, messages).await
}

/// Callers that each wait for their own receipt.
pub(crate) async fn concurrent(ids: Ids, callers: u64, messages: u64) -> Result<Sample> {
    at_once(Site::new().await?, ids, Confirm::Full, callers, messages).await
}

/// As [`concurrent`], on a stream that confirms many together, where no sequence is asked for.
pub(crate) async fn concurrent_together(ids: Ids, callers: u64, messages: u64) -> Result<Sample> {
    let site = Site::with(StreamConfig::with_allow_fast_batches).await?;
    at_once(site, ids, Confirm::StoredOnly, callers, messages).await
}

async fn at_once(site: Site, ids: Ids, confirm: Confirm, callers: u64, messages: u64) -> Result<Sample> {
    let outgoing = Arc::new(Outgoing::of(&site, ids, confirm)?);
    let (each, mut running) = (messages / callers, Vec::new());
    let watch = site.watch();
    for _ in 0..callers {
        let outgoing = Arc::clone(&outgoing);
        running.push(tokio::spawn(async move { outgoing.each(each).await }));
    }
    for task in running {
        task.await??;
    }
    site.published(watch, each * callers).await
}

pub(crate) async fn batches(ids: Ids, messages: u64) -> Result<Sample> {
    let site = Site::with(StreamConfig::with_allow_fast_batches).await?;
    let outgoing = Outgoing::of(&site, ids, Confirm::StoredOnly)?;
    let watch = site.watch();
    outgoing.batches(messages).await?;
    site.published(watch, messages).await
}

async fn open(site: &Site, policy: AckPolicy) -> Result<Arc<dyn Consumer>> {
    let name = site.consumer(policy).await?;
    Ok(site.broker.consumer(&site.stream, &name).await?)
}

async fn ack_each(consumer: Arc<dyn Consumer>, messages: u64, mut came: impl FnMut() + Send) -> Result<()> {
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    for _ in 0..messages {
        let delivery = deliveries.next().await.ok_or("the subscription has ended")??;
        came();
        delivery.ack().await?;
    }
    Ok(())
}

/// Takes every message of a filled stream and settles it as the policy wants.
pub(crate) async fn consume(policy: AckPolicy, options: SubscribeOptions, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    site.fill(messages).await?;
    let consumer = open(&site, policy).await?;
    let name = "reader".try_into()?;
    let watch = site.watch();
    let mut deliveries = consumer.subscribe(options);
    for number in 1..=messages {
        let delivery = deliveries.next().await.ok_or("the subscription has ended")??;
        match policy {
            AckPolicy::Explicit => delivery.ack().await?,
            AckPolicy::All if number % super::raw::ACK_EVERY == 0 || number == messages => {
                delivery.ack().await?;
            }
            // Not dropped as a delivery, which would be logged.
            _ => drop(delivery.into_message()),
        }
    }
    if policy != AckPolicy::None {
        site.settled(&name, messages).await?;
    }
    Ok(watch.stop(messages))
}

/// Confirmed acks, so many at once.
pub(crate) async fn confirmed(at_once: usize, messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    site.fill(messages).await?;
    let consumer = open(&site, AckPolicy::Explicit).await?;
    let watch = site.watch();
    let deliveries = consumer.subscribe(SubscribeOptions::default()).take(usize::try_from(messages)?);
    let mut acks =
        deliveries.map(|delivery| async { delivery?.ack_confirmed().await }).buffer_unordered(at_once);
    while let Some(acked) = acks.next().await {
        acked?;
    }
    Ok(watch.stop(messages))
}

/// From the publish of all to the ack of all.
pub(crate) async fn end_to_end(messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let consumer = open(&site, AckPolicy::Explicit).await?;
    let name = "reader".try_into()?;
    let outgoing = Outgoing::of(&site, Ids::On, Confirm::Full)?;
    let watch = site.watch();
    let consuming = tokio::spawn(ack_each(consumer, messages, || ()));
    outgoing.sliding(pubsub_nats::NatsConfig::default().max_in_flight, messages).await?;
    consuming.await??;
    site.settled(&name, messages).await?;
    Ok(watch.stop(messages))
}

/// From a publish to its delivery, when there is time between two.
pub(crate) async fn latency(messages: u64) -> Result<Sample> {
    let site = Site::new().await?;
    let consumer = open(&site, AckPolicy::Explicit).await?;
    let outgoing = Outgoing::of(&site, Ids::On, Confirm::Full)?;
    let watch = site.watch();
    let received = super::raw::Times::default();
    let times = Arc::clone(&received);
    let consuming = tokio::spawn(ack_each(consumer, messages, move || super::raw::note(&times)));
    let (mut sent, mut pace) = (Vec::new(), super::raw::pace());
    for _ in 0..messages {
        pace.tick().await;
        sent.push(Instant::now());
        outgoing.publish().await?.await?;
    }
    consuming.await??;
    Ok(super::raw::under_way(watch, &sent, &received))
}
