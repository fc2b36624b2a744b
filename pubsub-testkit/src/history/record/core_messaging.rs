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

use crate::history::History;
use crate::history::event::{Number, Published, What};

/// Plain messaging: what is said, and what each listener hears. Answers go to who asked, and are not recorded.
#[derive(Debug)]
pub(super) struct RecordedCore {
    inner: Arc<dyn CoreMessaging>,
    history: History,
    publisher: Number,
}

impl RecordedCore {
    pub(super) fn new(inner: Arc<dyn CoreMessaging>, history: History) -> Self {
        let publisher = history.number();
        Self { inner, history, publisher }
    }

    /// Recorded as over when it is said: a stream may have it from then on.
    fn said(&self, message: &OutboundMessage) -> Number {
        let publish = self.history.number();
        self.history.record_publish(publish, self.publisher, message, false);
        publish
    }

    fn ended<T>(&self, publish: Number, outcome: &Result<T>) {
        let outcome = match outcome {
            Err(error) if !error.is_effect_unknown() => Published::Rejected { kind: error.kind() },
            _ => Published::Unconfirmed,
        };
        self.history.record(What::PublishEnded { publish, outcome });
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CoreMessaging for RecordedCore {
    async fn publish(&self, message: OutboundMessage) -> Result<()> {
        let publish = self.said(&message);
        let outcome = self.inner.publish(message).await;
        self.ended(publish, &outcome);
        outcome
    }

    async fn subscribe(
        &self,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let group = options.group.as_ref().map(ToString::to_string);
        let heard = self.inner.subscribe(filter, options).await?;
        let (listener, history) = (self.history.number(), self.history.clone());
        history.record(What::Listening { listener, group });
        let record = move |message: &CoreMessage| {
            history.record(What::Heard {
                listener,
                subject: message.subject.to_string(),
                payload: message.payload.clone(),
                headers: message.headers.clone(),
            });
        };
        Ok(heard.inspect(move |item| item.iter().for_each(&record)).boxed())
    }

    async fn request(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        let publish = self.said(&message);
        let outcome = self.inner.request(message, timeout).await;
        self.ended(publish, &outcome);
        outcome
    }

    async fn request_many(
        &self,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let publish = self.said(&message);
        let outcome = self.inner.request_many(message, options).await;
        self.ended(publish, &outcome);
        outcome
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
