use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use pubsub_core::{
    Capabilities, Consumer, ConsumerInfo, Delivery, FetchOptions, Result, Settlement, SubscribeOptions,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::delivered;
use super::fault::FetchFault;
use super::link::PATIENCE;
use super::plan::{Plan, injected_error, no_connection};
use super::subscription;

#[derive(Debug)]
pub(super) struct FaultyConsumer {
    inner: Arc<dyn Consumer>,
    plan: Arc<Plan>,
}

impl FaultyConsumer {
    pub(super) fn new(inner: Arc<dyn Consumer>, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }

    /// One batch over a connection that may be lost meanwhile.
    async fn batch(&self, options: FetchOptions, deadline: Instant) -> Result<Vec<Delivery>> {
        loop {
            if !self.plan.link().is_up() && timeout_at(deadline, self.plan.link().up()).await.is_err() {
                return Err(no_connection("fetch"));
            }
            let losses = self.plan.link().losses();
            let left = deadline.saturating_duration_since(Instant::now());
            tokio::select! {
                biased;
                // What was on its way to it is lost with the connection: it comes again.
                () = self.plan.link().lost_after(losses) => {}
                batch = self.inner.fetch(options.clone().with_expires(left)) => return batch,
            }
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Consumer for FaultyConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        match self.plan.for_fetch() {
            Some(FetchFault::Fail(kind)) => {
                return Err(injected_error(kind, "the fetch failed").with_operation("fetch"));
            }
            Some(FetchFault::Delay(delay)) => sleep(delay).await,
            Some(FetchFault::Disconnect(lasts)) => self.plan.link().cut(lasts),
            None => {}
        }
        let deadline = Instant::now() + options.expires;
        loop {
            let batch = self.batch(options.clone(), deadline).await?;
            let came_empty = batch.is_empty();
            let batch = delivered::batch(&self.plan, batch).await;
            // A batch of which nothing arrived is one that has not come yet.
            if came_empty || !batch.is_empty() || Instant::now() >= deadline {
                return Ok(batch);
            }
        }
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        self.plan.connected("consumer info", PATIENCE).await?;
        self.inner.info().await
    }

    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        let inner = Arc::clone(&self.inner).subscribe(options);
        subscription::with_faults(inner, Arc::clone(&self.plan))
    }

    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            // Each has its own fate, which its message knows.
            results.push(delivery.settle(settlement.clone()).await);
        }
        results
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
