use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _};

use super::Prefix;
use crate::admin::ConsumerInfo;
use crate::consume::{Consumer, FetchOptions, SubscribeOptions};
use crate::headers::Headers;
use crate::message::{Delivery, DeliveryInfo, Message, Settlement};
use crate::{Capabilities, Result};

#[derive(Debug)]
pub(super) struct PrefixedConsumer {
    pub(super) inner: Arc<dyn Consumer>,
    pub(super) prefix: Prefix,
}

impl Prefix {
    fn off_delivery(&self, delivery: Delivery) -> Delivery {
        Delivery::new(Box::new(PrefixedMessage { inner: delivery.into_message(), prefix: self.clone() }))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Consumer for PrefixedConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        let batch = self.inner.fetch(options).await?;
        Ok(batch.into_iter().map(|delivery| self.prefix.off_delivery(delivery)).collect())
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        let mut info = self.inner.info().await?;
        self.prefix.off_consumer_filters(&mut info.config.filters);
        Ok(info)
    }

    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        let prefix = self.prefix.clone();
        let deliveries = Arc::clone(&self.inner).subscribe(options);
        deliveries.map(move |delivery| delivery.map(|delivery| prefix.off_delivery(delivery))).boxed()
    }

    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        self.inner.settle_many(deliveries, settlement).await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}

#[derive(Debug)]
struct PrefixedMessage {
    inner: Box<dyn Message>,
    prefix: Prefix,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for PrefixedMessage {
    fn subject(&self) -> &str {
        self.prefix.off(self.inner.subject())
    }

    fn payload(&self) -> &Bytes {
        self.inner.payload()
    }

    fn headers(&self) -> &Headers {
        self.inner.headers()
    }

    fn info(&self) -> &DeliveryInfo {
        self.inner.info()
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        self.inner.settle(settlement).await
    }

    fn settle_now(&self, settlement: &Settlement) -> Option<Result<()>> {
        self.inner.settle_now(settlement)
    }

    async fn extend(&self) -> Result<()> {
        self.inner.extend().await
    }

    fn abandon(self: Box<Self>) {
        self.inner.abandon();
    }

    fn hand_back(self: Box<Self>) {
        self.inner.hand_back();
    }
}
