use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    Capabilities, Consumer, ConsumerInfo, Delivery, FetchOptions, Result, Settlement, SubscribeOptions,
};

use super::Tamper;
use super::message::TamperedMessage;

#[derive(Debug)]
pub(super) struct TamperedConsumer {
    inner: Arc<dyn Consumer>,
    tamper: Arc<dyn Tamper>,
}

impl TamperedConsumer {
    pub(super) fn new(inner: Arc<dyn Consumer>, tamper: Arc<dyn Tamper>) -> Self {
        Self { inner, tamper }
    }
}

async fn tampered(tamper: &Arc<dyn Tamper>, deliveries: Vec<Delivery>) -> Vec<Delivery> {
    let wrap = |delivery: Delivery| {
        Delivery::new(Box::new(TamperedMessage::new(delivery.into_message(), Arc::clone(tamper))))
    };
    tamper.batch(deliveries).await.into_iter().map(wrap).collect()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Consumer for TamperedConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        let deliveries = self.tamper.fetch(&self.inner, options).await?;
        Ok(tampered(&self.tamper, deliveries).await)
    }

    fn capabilities(&self) -> Capabilities {
        self.tamper.capabilities(self.inner.capabilities())
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        Ok(self.tamper.consumer_info(self.inner.info().await?))
    }

    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        let tamper = Arc::clone(&self.tamper);
        let deliveries = self.tamper.subscribe(Arc::clone(&self.inner), options);
        let tampered = deliveries.filter_map(move |delivery| {
            let tamper = Arc::clone(&tamper);
            async move {
                match delivery {
                    Ok(delivery) => tampered(&tamper, vec![delivery]).await.pop().map(Ok),
                    Err(error) => Some(Err(error)),
                }
            }
        });
        // As the one below: a subscription that has ended stays so.
        tampered.fuse().boxed()
    }

    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        self.tamper.settle_many(self.inner.as_ref(), deliveries, settlement).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
