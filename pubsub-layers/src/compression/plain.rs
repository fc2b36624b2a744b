//! What plain listeners get of messages that were compressed on their way into a stream.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    Capabilities, CoreMessage, CoreMessaging, CoreSubscribeOptions, Headers, OutboundMessage, ReplySubject,
    RequestManyOptions, Result, SubjectFilter,
};

use super::Decoder;

#[derive(Debug)]
pub(super) struct DecodingCore {
    pub(super) inner: Arc<dyn CoreMessaging>,
    pub(super) decoder: Decoder,
}

impl Decoder {
    fn heard(self, mut message: CoreMessage) -> CoreMessage {
        if let Some((headers, payload)) = self.decode(&message.subject, &message.headers, &message.payload) {
            message.headers = headers;
            message.payload = payload;
        }
        message
    }

    fn all_heard(
        self,
        messages: BoxStream<'static, Result<CoreMessage>>,
    ) -> BoxStream<'static, Result<CoreMessage>> {
        messages.map(move |message| message.map(|message| self.heard(message))).boxed()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CoreMessaging for DecodingCore {
    async fn publish(&self, message: OutboundMessage) -> Result<()> {
        self.inner.publish(message).await
    }

    async fn subscribe(
        &self,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        Ok(self.decoder.all_heard(self.inner.subscribe(filter, options).await?))
    }

    async fn request(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        Ok(self.decoder.heard(self.inner.request(message, timeout).await?))
    }

    async fn request_many(
        &self,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        Ok(self.decoder.all_heard(self.inner.request_many(message, options).await?))
    }

    async fn respond(&self, to: &ReplySubject, payload: Bytes, headers: Headers) -> Result<()> {
        self.inner.respond(to, payload, headers).await
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
