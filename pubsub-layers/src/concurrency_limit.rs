//! So many at once: [`ConcurrencyLimit`].

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use pubsub_core::{
    BatchReceipt, Consumer, Delivery, Error, ErrorKind, FetchOptions, Layer, OutboundMessage, PendingReceipt,
    PublishOptions, Publisher, Result, SubscribeOptions,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::around::{
    AroundConsumer, AroundMessage, AroundPublisher, ConsumerAround, PublisherAround, around_delivery,
};

/// A layer that lets at most so many publishes be unconfirmed, and so many deliveries of one consumer be unsettled, at once. All
/// publishers made through one layer share its places; each consumer that is opened has places of its own.
///
/// - A publish waits for its place as long as its `timeout` allows, or else up to 30 s, and is then refused with `Overloaded`, unsent.
///   Its place is free when the outcome is known, whether or not anybody waits for the receipt. A batch takes a place for each message, or
///   all there are if it has more messages.
/// - A fetch asks for no more than there are places, which it has while it waits, and returns an empty batch if there is none before it
///   expires. A delivery's place is free when it is settled or dropped. A subscription waits for a place before each message; what it
///   has prefetched is not counted.
///
/// A program that keeps so many deliveries and waits for another one waits for itself.
///
/// **Place**: outside of [`Retry`](crate::Retry), so that a place is kept between the attempts.
///
/// ```
/// use pubsub_layers::ConcurrencyLimit;
///
/// let layer = ConcurrencyLimit::new(256);
/// # drop(layer);
/// ```
#[derive(Debug, Clone)]
pub struct ConcurrencyLimit {
    most: u32,
    publishing: Arc<Semaphore>,
}

/// The places of one consumer.
#[derive(Debug)]
struct Held(Arc<Semaphore>);

/// For publishes without a `timeout`.
const MAX_WAIT: Duration = Duration::from_secs(30);

impl ConcurrencyLimit {
    /// At most so many at once: at least 1.
    #[must_use]
    pub fn new(most: u32) -> Self {
        let most = most.clamp(1, 1 << 28);
        Self { most, publishing: places(most) }
    }

    /// How many publishes are unconfirmed now.
    #[must_use]
    pub fn publishes(&self) -> usize {
        usize::try_from(self.most).unwrap_or(0).saturating_sub(self.publishing.available_permits())
    }

    async fn enter(&self, messages: usize, options: &PublishOptions) -> Option<OwnedSemaphorePermit> {
        let places = u32::try_from(messages).unwrap_or(u32::MAX).min(self.most);
        let entering = Arc::clone(&self.publishing).acquire_many_owned(places);
        timeout(options.timeout.unwrap_or(MAX_WAIT), entering).await.ok()?.ok()
    }

    fn refusal(&self) -> Error {
        Error::new(
            ErrorKind::Overloaded,
            "so many publishes are unconfirmed that this one found no place in its time",
        )
        .with_operation("publish")
        .with_context("limit", self.most)
        .with_remedy("wait for receipts before publishing more, or raise the limit")
    }
}

fn places(most: u32) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(1)))
}

/// Frees the place when the outcome is known, also if nobody waits for it.
fn receipt(mut pending: PendingReceipt, place: OwnedSemaphorePermit) -> PendingReceipt {
    if let Some(outcome) = (&mut pending).now_or_never() {
        return PendingReceipt::ready(outcome);
    }
    let (sender, receipt) = PendingReceipt::channel();
    tokio::spawn(async move {
        let outcome = pending.await;
        drop(place);
        sender.send(outcome);
    });
    receipt
}

impl Layer for ConcurrencyLimit {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, self.clone())
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        ConsumerAround::over(inner, Held(places(self.most)))
    }
}

impl AroundPublisher for ConcurrencyLimit {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let place = self.enter(1, &options).await.ok_or_else(|| self.refusal())?;
        Ok(receipt(inner.publish_with(message, options).await?, place))
    }

    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let Some(mut places) = self.enter(messages.len(), &options).await else {
            return messages.iter().map(|_| Err(self.refusal())).collect();
        };
        let outcomes = inner.publish_batch(messages, options).await;
        let each = outcomes.into_iter().map(|outcome| {
            let pending = outcome?;
            // Those of a batch that is larger than the limit go without a place of their own.
            Ok(match places.split(1) {
                Some(place) => receipt(pending, place),
                None => pending,
            })
        });
        each.collect()
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let place = self.enter(messages.len(), &options).await.ok_or_else(|| self.refusal())?;
        let outcome = inner.publish_atomic(messages, options).await;
        drop(place);
        outcome
    }
}

/// Nothing but a place, which is free when the message is gone.
impl AroundMessage for OwnedSemaphorePermit {}

impl AroundConsumer for Held {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, mut options: FetchOptions) -> Result<Vec<Delivery>> {
        options.check(inner.capabilities())?;
        let deadline = Instant::now() + options.expires;
        let entering = Arc::clone(&self.0).acquire_owned();
        let Ok(Ok(mut places)) = timeout_at(deadline, entering).await else {
            return Ok(Vec::new());
        };
        let more = (options.max_messages - 1).min(self.0.available_permits());
        if let Ok(more) = Arc::clone(&self.0).try_acquire_many_owned(u32::try_from(more).unwrap_or(u32::MAX))
        {
            places.merge(more);
        }
        options.max_messages = places.num_permits();
        options.expires = deadline.saturating_duration_since(Instant::now());
        let batch = inner.fetch(options).await?;
        let held = batch.into_iter().map(|delivery| match places.split(1) {
            Some(place) => around_delivery(delivery, place),
            None => delivery,
        });
        Ok(held.collect())
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let state = (inner.subscribe(options), Arc::clone(&self.0));
        let held = stream::unfold(state, |(mut deliveries, places)| async move {
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            let next = deliveries.next().await?;
            Some((next.map(|delivery| around_delivery(delivery, place)), (deliveries, places)))
        });
        held.fuse().boxed()
    }
}
