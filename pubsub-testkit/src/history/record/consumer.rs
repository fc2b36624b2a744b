use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    Capabilities, Consumer, ConsumerInfo, Delivery, FetchOptions, Result, Settlement, SubscribeOptions,
};

use super::ask::Ask;
use super::look::Look;
use crate::history::History;
use crate::history::event::{ConsumerKey, Number};

#[derive(Debug)]
pub(super) struct RecordedConsumer {
    pub(super) inner: Arc<dyn Consumer>,
    pub(super) key: ConsumerKey,
    pub(super) connection: Number,
    pub(super) history: History,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Consumer for RecordedConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        let mut ask = Ask::new(&self.history, &self.key, self.connection, Some(options.clone()));
        let outcome = self.inner.fetch(options).await;
        ask.answered(outcome.as_ref().map(Vec::len));
        Ok(outcome?.into_iter().map(|delivery| ask.delivered(delivery)).collect())
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        let look = Look::begin(&self.history);
        let outcome = self.inner.info().await;
        outcome.inspect(|info| look.saw_consumer(info))
    }

    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        let ask = Ask::new(&self.history, &self.key, self.connection, None);
        let deliveries = Arc::clone(&self.inner).subscribe(options);
        deliveries.map(move |delivery| delivery.map(|delivery| ask.delivered(delivery))).boxed()
    }

    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        self.inner.settle_many(deliveries, settlement).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
