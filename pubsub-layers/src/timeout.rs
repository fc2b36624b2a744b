//! A bound on the time of each call: [`Timeout`].

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use pubsub_core::config::duration;
use pubsub_core::{
    BatchReceipt, Consumer, ConsumerInfo, Delivery, Error, ErrorKind, FetchOptions, Layer, Message,
    OutboundMessage, PendingReceipt, PublishOptions, Publisher, Result, Settlement, StreamAdmin,
    SubscribeOptions,
};
use tokio::time::{Instant, timeout_at};

use crate::around::{
    AdminAround, AroundAdmin, AroundConsumer, AroundMessage, AroundPublisher, ConsumerAround,
    PublisherAround, around_delivery, deliveries,
};

/// A layer that lets no call take longer than a limit: a publish until its receipt, a fetch beyond its `expires`, a settlement,
/// a question to a consumer, each call of administration.
///
/// The limit is given to the backend as the publish's [`timeout`](PublishOptions::timeout) (the shorter of both counts), so that it
/// can end the publish itself and say more about it. A second later the layer ends the call, whatever happens below it.
/// Either way the error is a [`Timeout`](ErrorKind::Timeout); where the call may have had its effect, it says so
/// ([`Error::is_effect_unknown`]). A subscription waits for messages as long as there are none.
///
/// **Place**: inside of [`Retry`](crate::Retry), so that it bounds one attempt, and of [`CircuitBreaker`](crate::CircuitBreaker),
/// which counts what it ends.
///
/// ```
/// use std::time::Duration;
/// use pubsub_layers::Timeout;
///
/// let layer = Timeout::new(Duration::from_secs(5));
/// # drop(layer);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Timeout {
    limit: Duration,
}

/// What the backend has to end the call itself.
const GRACE: Duration = Duration::from_secs(1);

/// Later than any call ends: as long as tokio's clock certainly reaches.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

impl Timeout {
    /// A layer with this limit. Zero lets only what is done at once be done in time.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }

    fn deadline(self, more: Duration) -> Instant {
        Instant::now() + self.limit.saturating_add(more).saturating_add(GRACE).min(LONGEST)
    }

    fn shorten(self, mut options: PublishOptions) -> PublishOptions {
        options.timeout = Some(options.timeout.map_or(self.limit, |given| given.min(self.limit)));
        options
    }

    fn error(self, operation: &'static str) -> Error {
        Error::new(ErrorKind::Timeout, "the call took longer than its layer allows")
            .with_operation(operation)
            .with_context("limit", duration::format(self.limit))
    }

    /// A call that changes something, whose effect is unknown if it is ended.
    async fn within<T>(
        self,
        operation: &'static str,
        deadline: Instant,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        match timeout_at(deadline, call).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.error(operation).with_effect_unknown()),
        }
    }

    fn receipt(self, deadline: Instant, pending: PendingReceipt) -> PendingReceipt {
        PendingReceipt::from_future(self.within("publish", deadline, pending))
    }
}

impl Layer for Timeout {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, *self)
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        ConsumerAround::over(inner, *self)
    }

    fn admin(&self, inner: Arc<dyn StreamAdmin>) -> Arc<dyn StreamAdmin> {
        AdminAround::over(inner, *self)
    }
}

impl AroundPublisher for Timeout {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let deadline = self.deadline(Duration::ZERO);
        let accepting = inner.publish_with(message, self.shorten(options));
        Ok(self.receipt(deadline, self.within("publish", deadline, accepting).await?))
    }

    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let (deadline, count) = (self.deadline(Duration::ZERO), messages.len());
        let accepting = inner.publish_batch(messages, self.shorten(options));
        match timeout_at(deadline, accepting).await {
            Ok(outcomes) => {
                outcomes.into_iter().map(|outcome| Ok(self.receipt(deadline, outcome?))).collect()
            }
            Err(_) => (0..count).map(|_| Err(self.error("publish").with_effect_unknown())).collect(),
        }
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let deadline = self.deadline(Duration::ZERO);
        self.within("publish atomic", deadline, inner.publish_atomic(messages, self.shorten(options))).await
    }

    async fn flush(&self, inner: &Arc<dyn Publisher>) -> Result<()> {
        match timeout_at(self.deadline(Duration::ZERO), inner.flush()).await {
            Ok(flushed) => flushed,
            Err(_) => Err(self.error("flush")),
        }
    }
}

impl AroundConsumer for Timeout {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let deadline = self.deadline(options.expires);
        match timeout_at(deadline, inner.fetch(options)).await {
            Ok(batch) => Ok(batch?.into_iter().map(|delivery| around_delivery(delivery, *self)).collect()),
            // What was on its way comes again.
            Err(_) => Err(self.error("fetch")),
        }
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let layer = *self;
        deliveries(inner, options, move |delivery| around_delivery(delivery, layer))
    }

    async fn info(&self, inner: &Arc<dyn Consumer>) -> Result<ConsumerInfo> {
        match timeout_at(self.deadline(Duration::ZERO), inner.info()).await {
            Ok(info) => info,
            Err(_) => Err(self.error("consumer info")),
        }
    }
}

impl AroundMessage for Timeout {
    async fn settle(self, inner: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        self.within("settle", self.deadline(Duration::ZERO), inner.settle(settlement)).await
    }

    async fn extend(&self, inner: &dyn Message) -> Result<()> {
        self.within("extend", self.deadline(Duration::ZERO), inner.extend()).await
    }
}

impl AroundAdmin for Timeout {
    async fn call<T: Send>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.within(operation, self.deadline(Duration::ZERO), call).await
    }
}
