use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{DeliveryInfo, Headers, Message, Result, Settlement};

use super::{Shown, Tamper};

#[derive(Debug)]
pub(super) struct TamperedMessage {
    inner: Box<dyn Message>,
    shown: Shown,
    tamper: Arc<dyn Tamper>,
}

impl TamperedMessage {
    pub(super) fn new(inner: Box<dyn Message>, tamper: Arc<dyn Tamper>) -> Self {
        let shown = tamper.shown(Shown {
            subject: inner.subject().to_owned(),
            payload: inner.payload().clone(),
            headers: inner.headers().clone(),
            info: inner.info().clone(),
        });
        Self { inner, shown, tamper }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for TamperedMessage {
    fn subject(&self) -> &str {
        &self.shown.subject
    }

    fn payload(&self) -> &Bytes {
        &self.shown.payload
    }

    fn headers(&self) -> &Headers {
        &self.shown.headers
    }

    fn info(&self) -> &DeliveryInfo {
        &self.shown.info
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        let Self { inner, tamper, .. } = *self;
        tamper.settle(inner, settlement).await
    }

    /// Every settlement takes the way of `settle`.
    fn settle_now(&self, _settlement: &Settlement) -> Option<Result<()>> {
        None
    }

    async fn extend(&self) -> Result<()> {
        self.tamper.extend(self.inner.as_ref()).await
    }

    fn abandon(self: Box<Self>) {
        let Self { inner, tamper, .. } = *self;
        tamper.abandon(inner);
    }

    fn hand_back(self: Box<Self>) {
        let Self { inner, tamper, .. } = *self;
        tamper.hand_back(inner);
    }
}
