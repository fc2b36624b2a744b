//! Flaws in plain messaging.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    CoreMessage, CoreMessaging, CoreSubscribeOptions, Error, ErrorKind, Headers, OutboundMessage,
    ReplySubject, RequestManyOptions, Result, SubjectFilter,
};

use super::Tamper;

/// The likely cause: a subscription for each member, where the broker is to choose one.
#[derive(Debug)]
pub(super) struct GroupsHearTwice;

#[async_trait]
impl Tamper for GroupsHearTwice {
    async fn listen(
        &self,
        inner: &dyn CoreMessaging,
        filter: SubjectFilter,
        mut options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        options.group = None;
        inner.subscribe(filter, options).await
    }
}

/// The likely cause: a channel that drops what does not fit.
#[derive(Debug)]
pub(super) struct HidesWhatWasLost;

#[async_trait]
impl Tamper for HidesWhatWasLost {
    async fn listen(
        &self,
        inner: &dyn CoreMessaging,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let told = |item: &Result<CoreMessage>| {
            let hidden = item.as_ref().is_err_and(|error| error.kind() == ErrorKind::Overloaded);
            std::future::ready(!hidden)
        };
        Ok(inner.subscribe(filter, options).await?.filter(told).boxed())
    }
}

/// The likely cause: a retry of what has no confirmation.
#[derive(Debug)]
pub(super) struct SaysTwice;

#[async_trait]
impl Tamper for SaysTwice {
    async fn say(&self, inner: &dyn CoreMessaging, message: OutboundMessage) -> Result<()> {
        inner.publish(message.clone()).await?;
        inner.publish(message).await
    }
}

/// The likely cause: a status that is not read, so that nobody there is nobody yet.
#[derive(Debug)]
pub(super) struct WaitsForNobody;

#[async_trait]
impl Tamper for WaitsForNobody {
    async fn request(
        &self,
        inner: &dyn CoreMessaging,
        message: OutboundMessage,
        timeout: Duration,
    ) -> Result<CoreMessage> {
        match inner.request(message, timeout).await {
            Err(error) if error.broker_code() == Some(503) => {
                tokio::time::sleep(timeout).await;
                Err(Error::new(ErrorKind::Timeout, "no answer came in time"))
            }
            outcome => outcome,
        }
    }
}

/// The likely cause: an answer that is read as its payload alone.
#[derive(Debug)]
pub(super) struct AnswersBare;

#[async_trait]
impl Tamper for AnswersBare {
    async fn request(
        &self,
        inner: &dyn CoreMessaging,
        message: OutboundMessage,
        timeout: Duration,
    ) -> Result<CoreMessage> {
        let mut answer = inner.request(message, timeout).await?;
        answer.headers = Headers::new();
        Ok(answer)
    }
}

/// The likely cause: answers that are given out in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct MixesUpAnswers {
    last: Mutex<Option<CoreMessage>>,
}

#[async_trait]
impl Tamper for MixesUpAnswers {
    async fn request(
        &self,
        inner: &dyn CoreMessaging,
        message: OutboundMessage,
        timeout: Duration,
    ) -> Result<CoreMessage> {
        let answer = inner.request(message, timeout).await?;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(answer.clone());
        Ok(last.unwrap_or(answer))
    }
}

/// The likely cause: a request to many that is made of one to anybody.
#[derive(Debug)]
pub(super) struct HearsOneAnswer;

#[async_trait]
impl Tamper for HearsOneAnswer {
    async fn request_many(
        &self,
        inner: &dyn CoreMessaging,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        Ok(inner.request_many(message, options).await?.take(1).boxed())
    }
}

/// The likely cause: a broker that knows groups only, and has one for whoever names none.
#[derive(Debug)]
pub(super) struct EverybodyIsOneGroup;

#[async_trait]
impl Tamper for EverybodyIsOneGroup {
    async fn listen(
        &self,
        inner: &dyn CoreMessaging,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let grouped = match options.group {
            Some(_) => options,
            None => options.with_group("everybody")?,
        };
        inner.subscribe(filter, grouped).await
    }
}

/// The likely cause: a timer for the whole, and none for the time between two answers.
#[derive(Debug)]
pub(super) struct IgnoresStalls;

#[async_trait]
impl Tamper for IgnoresStalls {
    async fn request_many(
        &self,
        inner: &dyn CoreMessaging,
        message: OutboundMessage,
        mut options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        options.stall = None;
        inner.request_many(message, options).await
    }
}

/// The likely cause: one place for who is to be answered.
#[derive(Debug, Default)]
pub(super) struct AnswersWhoAskedLast {
    last: Arc<Mutex<Option<ReplySubject>>>,
}

#[async_trait]
impl Tamper for AnswersWhoAskedLast {
    async fn listen(
        &self,
        inner: &dyn CoreMessaging,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>> {
        let last = Arc::clone(&self.last);
        let asked = move |item: &Result<CoreMessage>| {
            if let Some(reply) = item.as_ref().ok().and_then(|message| message.reply.clone()) {
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
            }
        };
        Ok(inner.subscribe(filter, options).await?.inspect(asked).boxed())
    }

    async fn respond(
        &self,
        inner: &dyn CoreMessaging,
        to: &ReplySubject,
        payload: Bytes,
        headers: Headers,
    ) -> Result<()> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        inner.respond(last.as_ref().unwrap_or(to), payload, headers).await
    }
}
