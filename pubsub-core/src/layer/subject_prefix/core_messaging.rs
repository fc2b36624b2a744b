use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _};

use super::Prefix;
use crate::core_messaging::{CoreMessage, CoreMessaging, CoreSubscribeOptions, RequestManyOptions};
use crate::headers::Headers;
use crate::message::OutboundMessage;
use crate::subject::{ReplySubject, SubjectFilter};
use crate::{Capabilities, Result};

#[derive(Debug)]
pub(super) struct PrefixedCore {
    pub(super) inner: Arc<dyn CoreMessaging>,
    pub(super) prefix: Prefix,
}

impl Prefix {
    /// The broker's own subjects, those of advisories, have no prefix.
    fn on_listened(&self, filter: SubjectFilter) -> Result<SubjectFilter> {
        if filter.as_str().starts_with('$') { Ok(filter) } else { self.on_filter(&filter) }
    }

    fn off_core(&self, mut message: CoreMessage) -> CoreMessage {
        let subject = self.off(&message.subject).into();
        message.subject = subject;
        message
    }

    fn off_stream_of(
        &self,
        messages: BoxStream<'static, Result<CoreMessage>>,
    ) -> BoxStream<'static, Result<CoreMessage>> {
        let prefix = self.clone();
        messages.map(move |message| message.map(|message| prefix.off_core(message))).boxed()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CoreMessaging for PrefixedCore {
    async fn publish(&self, message: OutboundMessage) -> Result<()> {
        self.inner.publish(self.prefix.on_message(message)?).await
    }

    async fn subscribe(
        &self,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let messages = self.inner.subscribe(self.prefix.on_listened(filter)?, options).await?;
        Ok(self.prefix.off_stream_of(messages))
    }

    async fn request(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        let answer = self.inner.request(self.prefix.on_message(message)?, timeout).await?;
        Ok(self.prefix.off_core(answer))
    }

    async fn request_many(
        &self,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let answers = self.inner.request_many(self.prefix.on_message(message)?, options).await?;
        Ok(self.prefix.off_stream_of(answers))
    }

    async fn respond(&self, to: &ReplySubject, payload: Bytes, headers: Headers) -> Result<()> {
        // The asker chose the subject, prefix and all.
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
