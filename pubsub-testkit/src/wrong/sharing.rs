//! Flaws in what handles, members and subscriptions have in common.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    Broker, Consumer, ConsumerName, DeliverPolicy, Delivery, Error, ErrorKind, Message, Result, Settlement,
    StreamName, SubscribeOptions,
};
use tokio::sync::{mpsc, watch};

use super::Tamper;
use super::holding::holding;

/// The likely cause: a subscription of its own for each member, where they should share one.
#[derive(Debug, Default)]
pub(super) struct GivesEachMemberEverything {
    members: Mutex<HashMap<ConsumerName, u64>>,
}

#[async_trait]
impl Tamper for GivesEachMemberEverything {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        let shared = inner.consumer(stream, consumer).await?;
        let member = {
            let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
            let count = members.entry(consumer.clone()).or_default();
            *count += 1;
            *count
        };
        let Some(admin) = inner.admin().filter(|_| member > 1) else { return Ok(shared) };
        let mut config = admin.consumer_info(stream, consumer).await?.config;
        let own = ConsumerName::new(format!("{consumer}-{member}"))?;
        config.name = Some(own.clone());
        admin.create_consumer(stream, config).await?;
        inner.consumer(stream, &own).await
    }
}

/// The likely cause: one position for a stream.
#[derive(Debug, Default)]
pub(super) struct SharesOneCursor {
    first: Mutex<HashMap<StreamName, ConsumerName>>,
}

#[async_trait]
impl Tamper for SharesOneCursor {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        inner.consumer(stream, consumer).await?;
        let first = {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            first.entry(stream.clone()).or_insert_with(|| consumer.clone()).clone()
        };
        inner.consumer(stream, &first).await
    }
}

/// The likely cause: a group that begins with its first member. Who makes it has the handle before.
#[derive(Debug, Default)]
pub(super) struct BeginsWithItsFirstMember {
    opened: Mutex<HashMap<ConsumerName, u32>>,
}

#[async_trait]
impl Tamper for BeginsWithItsFirstMember {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        let times = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            let times = opened.entry(consumer.clone()).or_default();
            *times += 1;
            *times
        };
        if let Some(admin) = inner.admin().filter(|_| times == 2) {
            let mut config = admin.consumer_info(stream, consumer).await?.config;
            config.deliver = DeliverPolicy::New;
            admin.delete_consumer(stream, consumer).await?;
            admin.create_consumer(stream, config).await?;
        }
        inner.consumer(stream, consumer).await
    }
}

/// The likely cause: a lock on the consumer that its holder never gives back.
#[derive(Debug, Default)]
pub(super) struct OpensOnce {
    opened: Mutex<HashMap<ConsumerName, u32>>,
}

#[async_trait]
impl Tamper for OpensOnce {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        let handle = inner.consumer(stream, consumer).await?;
        let times = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            let times = opened.entry(consumer.clone()).or_default();
            *times += 1;
            *times
        };
        // The first is who made it.
        if times > 2 {
            return Err(Error::new(ErrorKind::Conflict, "the consumer is in use"));
        }
        Ok(handle)
    }
}

/// The likely cause: a connection that is bound to the thread that made it.
#[derive(Debug, Default)]
pub(super) struct SettlesOnItsThread {
    own: OnceLock<ThreadId>,
}

#[async_trait]
impl Tamper for SettlesOnItsThread {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let here = thread::current().id();
        if *self.own.get_or_init(|| here) == here {
            return message.settle(settlement).await;
        }
        // Nobody is told.
        message.abandon();
        Ok(())
    }
}

/// The likely cause: one token that cancels everything.
#[derive(Debug)]
pub(super) struct EndsSiblings {
    ended: watch::Sender<u64>,
}

impl Default for EndsSiblings {
    fn default() -> Self {
        Self { ended: watch::Sender::new(0) }
    }
}

/// Tells the others when it goes.
#[derive(Debug)]
struct Sibling(watch::Sender<u64>);

impl Drop for Sibling {
    fn drop(&mut self) {
        self.0.send_modify(|ended| *ended += 1);
    }
}

impl Tamper for EndsSiblings {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let mut ended = self.ended.subscribe();
        let sibling = Sibling(self.ended.clone());
        let until = async move { ended.changed().await };
        let deliveries = inner.subscribe(options).take_until(Box::pin(until));
        holding(deliveries, sibling)
    }
}

/// The likely cause: a task that reads, and a channel without a bound.
#[derive(Debug)]
pub(super) struct PrefetchesEverything;

impl Tamper for PrefetchesEverything {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let deliveries = inner.subscribe(options);
        futures::stream::once(async move { eagerly(deliveries) }).flatten().boxed()
    }
}

/// The likely cause: a constructor that begins to work.
#[derive(Debug)]
pub(super) struct BeginsUnasked;

impl Tamper for BeginsUnasked {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        eagerly(inner.subscribe(options))
    }
}

/// Reads as fast as it comes, whether somebody takes it or not; ends when nobody takes any more.
fn eagerly(mut deliveries: BoxStream<'static, Result<Delivery>>) -> BoxStream<'static, Result<Delivery>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                biased;
                next = deliveries.next() => {
                    let Some(next) = next else { return };
                    if sender.send(next).is_err() {
                        return;
                    }
                }
                () = sender.closed() => return,
            }
        }
    });
    futures::stream::unfold(receiver, |mut receiver| async move {
        let next = receiver.recv().await?;
        Some((next, receiver))
    })
    .boxed()
}
