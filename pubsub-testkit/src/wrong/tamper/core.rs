use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use pubsub_core::{
    Capabilities, CoreMessage, CoreMessaging, CoreSubscribeOptions, Headers, OutboundMessage, ReplySubject,
    RequestManyOptions, Result, SubjectFilter,
};

use super::Tamper;

#[derive(Debug)]
pub(super) struct TamperedCore {
    inner: Arc<dyn CoreMessaging>,
    tamper: Arc<dyn Tamper>,
}

impl TamperedCore {
    pub(super) fn new(inner: Arc<dyn CoreMessaging>, tamper: Arc<dyn Tamper>) -> Self {
        Self { inner, tamper }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CoreMessaging for TamperedCore {
    async fn publish(&self, message: OutboundMessage) -> Result<()> {
        self.tamper.say(self.inner.as_ref(), message).await
    }

    async fn subscribe(
        &self,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        self.tamper.listen(self.inner.as_ref(), filter, options).await
    }

    async fn request(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        self.tamper.request(self.inner.as_ref(), message, timeout).await
    }

    async fn request_many(
        &self,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        self.tamper.request_many(self.inner.as_ref(), message, options).await
    }

    async fn respond(&self, to: &ReplySubject, payload: Bytes, headers: Headers) -> Result<()> {
        self.tamper.respond(self.inner.as_ref(), to, payload, headers).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    fn capabilities(&self) -> Capabilities {
        self.tamper.capabilities(self.inner.capabilities())
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
