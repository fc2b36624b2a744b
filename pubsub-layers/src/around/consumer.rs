//! Around a consumer: [`AroundConsumer`].

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    Capabilities, Consumer, ConsumerInfo, Delivery, FetchOptions, Result, Settlement, SubscribeOptions,
};

/// What a layer does around the calls of a consumer. Both ways to take messages are required, so that neither is forgotten.
pub(crate) trait AroundConsumer: Debug + Send + Sync + 'static {
    fn fetch(
        &self,
        inner: &Arc<dyn Consumer>,
        options: FetchOptions,
    ) -> impl Future<Output = Result<Vec<Delivery>>> + Send;

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>>;

    fn info(&self, inner: &Arc<dyn Consumer>) -> impl Future<Output = Result<ConsumerInfo>> + Send {
        inner.info()
    }

    /// A backend settles its own messages together, and those with a layer around them one by one, through the layer.
    fn settle_many(
        &self,
        inner: &Arc<dyn Consumer>,
        deliveries: Vec<Delivery>,
        settlement: Settlement,
    ) -> impl Future<Output = Vec<Result<()>>> + Send {
        inner.settle_many(deliveries, settlement)
    }
}

/// A consumer with a layer around it.
#[derive(Debug)]
pub(crate) struct ConsumerAround<A> {
    inner: Arc<dyn Consumer>,
    around: A,
}

impl<A: AroundConsumer> ConsumerAround<A> {
    pub(crate) fn over(inner: Arc<dyn Consumer>, around: A) -> Arc<dyn Consumer> {
        Arc::new(Self { inner, around })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: AroundConsumer> Consumer for ConsumerAround<A> {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        self.around.fetch(&self.inner, options).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        self.around.info(&self.inner).await
    }

    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        self.around.subscribe(Arc::clone(&self.inner), options)
    }

    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        self.around.settle_many(&self.inner, deliveries, settlement).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}

/// A subscription whose deliveries are each changed by `wrap`.
pub(crate) fn deliveries(
    inner: Arc<dyn Consumer>,
    options: SubscribeOptions,
    wrap: impl Fn(Delivery) -> Delivery + Send + 'static,
) -> BoxStream<'static, Result<Delivery>> {
    inner.subscribe(options).map(move |delivery| delivery.map(&wrap)).boxed()
}
