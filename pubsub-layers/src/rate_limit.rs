//! So many messages in a time: [`RateLimit`].

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt as _};
use pubsub_core::config::duration;
use pubsub_core::{
    BatchReceipt, Consumer, Delivery, Error, ErrorKind, FetchOptions, Layer, OutboundMessage, PendingReceipt,
    PublishOptions, Publisher, Result, SubscribeOptions,
};
use tokio::time::sleep;

use crate::around::{AroundConsumer, AroundPublisher, ConsumerAround, PublisherAround};
use crate::pace::Pace;

/// A layer that publishes, and takes, at most so many messages in a time. All publishers made through one layer share its rate, and so
/// do all consumers, apart from the publishers: give each service, or each tenant, a layer of its own.
///
/// - A publish waits for its place, in the order of the calls, for as long as its `timeout` allows, or else up to
///   [`with_max_wait`](Self::with_max_wait); if the wait would be longer it is refused at once with `Overloaded`, unsent. A batch passes as
///   a whole, and what follows waits the longer.
/// - A fetch asks for no more than a burst, and returns an empty batch if no place is free before it expires. A subscription waits
///   between messages; what it has prefetched waits too, so `buffer` should be what passes within half an ack wait.
///
/// A place that was waited for in vain (the call was dropped) stays taken.
///
/// **Place**: outside of [`Retry`](crate::Retry), so that a publish takes one place and not one an attempt.
///
/// ```
/// use std::time::Duration;
/// use pubsub_layers::RateLimit;
///
/// let layer = RateLimit::new(500, Duration::from_secs(1)).with_burst(50);
/// # drop(layer);
/// ```
#[derive(Debug, Clone)]
pub struct RateLimit {
    rate: u32,
    per: Duration,
    burst: u32,
    max_wait: Duration,
    publishing: Arc<Pace>,
    consuming: Arc<Pace>,
}

impl RateLimit {
    /// The default of [`with_max_wait`](Self::with_max_wait): 30 s.
    pub const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(30);

    /// So many messages (at least 1) in each `per`; after a quiet time up to so many at once.
    #[must_use]
    pub fn new(messages: u32, per: Duration) -> Self {
        let pace = || Arc::new(Pace::new(messages, per, messages));
        Self {
            rate: messages,
            per,
            burst: messages.max(1),
            max_wait: Self::DEFAULT_MAX_WAIT,
            publishing: pace(),
            consuming: pace(),
        }
    }

    /// Sets how many may pass at once after a quiet time: at least 1, by default as many as pass in the time of the rate.
    #[must_use]
    pub fn with_burst(mut self, messages: u32) -> Self {
        self.burst = messages.max(1);
        let pace = || Arc::new(Pace::new(self.rate, self.per, messages));
        (self.publishing, self.consuming) = (pace(), pace());
        self
    }

    /// Sets how long a publish without a `timeout` of its own waits for its place, by default 30 s.
    #[must_use]
    pub fn with_max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Waits for the places, or says that the wait would be too long.
    async fn enter(&self, messages: usize, options: &PublishOptions) -> Result<(), TooLong> {
        let most = options.timeout.unwrap_or(self.max_wait);
        let wait = self.publishing.take(messages, most).map_err(TooLong)?;
        if !wait.is_zero() {
            sleep(wait).await;
        }
        Ok(())
    }
}

/// The wait that would have been.
struct TooLong(Duration);

impl From<&TooLong> for Error {
    fn from(TooLong(wait): &TooLong) -> Self {
        Self::new(ErrorKind::Overloaded, "the rate limit of this publisher is reached")
            .with_operation("publish")
            .with_context("wait", duration::format(*wait))
            .with_remedy("publish more slowly, or raise the rate limit")
    }
}

impl Layer for RateLimit {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, self.clone())
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        ConsumerAround::over(inner, self.clone())
    }
}

impl AroundPublisher for RateLimit {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        self.enter(1, &options).await.map_err(|too_long| Error::from(&too_long))?;
        inner.publish_with(message, options).await
    }

    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        match self.enter(messages.len(), &options).await {
            Ok(()) => inner.publish_batch(messages, options).await,
            Err(too_long) => messages.iter().map(|_| Err(Error::from(&too_long))).collect(),
        }
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        self.enter(messages.len(), &options).await.map_err(|too_long| Error::from(&too_long))?;
        inner.publish_atomic(messages, options).await
    }
}

impl AroundConsumer for RateLimit {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, mut options: FetchOptions) -> Result<Vec<Delivery>> {
        let wait = self.consuming.wait();
        if wait > options.expires {
            // Nothing was asked for, but what breaks a rule is refused all the same.
            options.check(inner.capabilities())?;
            sleep(options.expires).await;
            return Ok(Vec::new());
        }
        if !wait.is_zero() {
            sleep(wait).await;
            options.expires -= wait;
        }
        options.max_messages = options.max_messages.min(usize::try_from(self.burst).unwrap_or(usize::MAX));
        let batch = inner.fetch(options).await?;
        // Whatever came is a debt of those who come next.
        let _ = self.consuming.take(batch.len(), Duration::MAX);
        Ok(batch)
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let state = (inner.subscribe(options), Arc::clone(&self.consuming));
        let paced = stream::unfold(state, |(mut deliveries, pace)| async move {
            let wait = pace.wait();
            if !wait.is_zero() {
                sleep(wait).await;
            }
            let next = deliveries.next().await?;
            if next.is_ok() {
                let _ = pace.take(1, Duration::MAX);
            }
            Some((next, (deliveries, pace)))
        });
        paced.fuse().boxed()
    }
}
