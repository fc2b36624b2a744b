//! Around a publisher: [`AroundPublisher`], and [`Rewrite`] for layers that only change messages.

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Capabilities, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Result,
};

/// What a layer does around the calls of a publisher. All three ways to publish are required, so that none is forgotten.
pub(crate) trait AroundPublisher: Debug + Send + Sync + 'static {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        inner
    }

    fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> impl Future<Output = Result<PendingReceipt>> + Send;

    fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> impl Future<Output = Vec<Result<PendingReceipt>>> + Send;

    fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> impl Future<Output = Result<BatchReceipt>> + Send;

    fn flush(&self, inner: &Arc<dyn Publisher>) -> impl Future<Output = Result<()>> + Send {
        inner.flush()
    }
}

/// A publisher with a layer around it.
#[derive(Debug)]
pub(crate) struct PublisherAround<A> {
    inner: Arc<dyn Publisher>,
    around: A,
}

impl<A: AroundPublisher> PublisherAround<A> {
    pub(crate) fn over(inner: Arc<dyn Publisher>, around: A) -> Arc<dyn Publisher> {
        Arc::new(Self { inner, around })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: AroundPublisher> Publisher for PublisherAround<A> {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        self.around.publish(&self.inner, message, options).await
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        self.around.batch(&self.inner, messages, options).await
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        self.around.atomic(&self.inner, messages, options).await
    }

    fn capabilities(&self) -> Capabilities {
        self.around.capabilities(self.inner.capabilities())
    }

    async fn flush(&self) -> Result<()> {
        self.around.flush(&self.inner).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}

/// A layer that changes, or refuses, each message before it is published.
pub(crate) trait Rewrite: Debug + Send + Sync + 'static {
    /// `below` is what the publisher below can do.
    fn rewrite(&self, message: OutboundMessage, below: Capabilities) -> Result<OutboundMessage>;
}

/// Such a layer, around a publisher.
#[derive(Debug)]
pub(crate) struct Rewriting<R>(pub(crate) R);

impl<R: Rewrite> AroundPublisher for Rewriting<R> {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        inner.publish_with(self.0.rewrite(message, inner.capabilities())?, options).await
    }

    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let (below, mut refused) = (inner.capabilities(), Vec::new());
        let mut batch = Vec::with_capacity(messages.len());
        for (index, message) in messages.into_iter().enumerate() {
            match self.0.rewrite(message, below) {
                Ok(message) => batch.push(message),
                Err(error) => refused.push((index, error)),
            }
        }
        let mut outcomes = inner.publish_batch(batch, options).await;
        // In ascending order, so that each comes to its own place.
        for (index, error) in refused {
            outcomes.insert(index.min(outcomes.len()), Err(error));
        }
        outcomes
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let below = inner.capabilities();
        let messages =
            messages.into_iter().map(|message| self.0.rewrite(message, below)).collect::<Result<_>>()?;
        inner.publish_atomic(messages, options).await
    }
}
