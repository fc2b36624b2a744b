use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::stream::{BoxStream, StreamExt as _, unfold};
use pubsub_core::{
    Capabilities, CoreMessage, CoreMessaging, CoreSubscribeOptions, ErrorKind, Headers, OutboundMessage,
    ReplySubject, RequestManyOptions, Result, SubjectFilter,
};
use tokio::time::{Instant, sleep};

use super::link::PATIENCE;
use super::plan::{Plan, injected_error};

/// Plain messaging over a connection that may be lost.
#[derive(Debug)]
pub(super) struct FaultyCore {
    inner: Arc<dyn CoreMessaging>,
    plan: Arc<Plan>,
}

impl FaultyCore {
    pub(super) fn new(inner: Arc<dyn CoreMessaging>, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }

    /// Messaging itself, as soon as there is a connection.
    async fn reached(&self, operation: &'static str) -> Result<&dyn CoreMessaging> {
        self.plan.connected(operation, PATIENCE).await?;
        Ok(self.inner.as_ref())
    }
}

type Messages = BoxStream<'static, Result<CoreMessage>>;

/// What is heard: nothing of what was said while there was no connection.
fn heard(inner: Messages, plan: Arc<Plan>) -> Messages {
    let losses = plan.link().losses();
    unfold((inner, plan, losses), |(mut inner, plan, mut losses)| async move {
        loop {
            plan.link().up().await;
            if plan.link().losses() != losses {
                losses = plan.link().losses();
                // What has come meanwhile came to nobody; the end stays an end.
                while let Some(Some(_)) = inner.next().now_or_never() {}
            }
            let next = tokio::select! {
                biased;
                () = plan.link().lost_after(losses) => continue,
                next = inner.next() => next?,
            };
            return Some((next, (inner, plan, losses)));
        }
    })
    .fuse()
    .boxed()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CoreMessaging for FaultyCore {
    async fn publish(&self, message: OutboundMessage) -> Result<()> {
        self.reached("publish").await?.publish(message).await
    }

    async fn subscribe(&self, filter: SubjectFilter, options: CoreSubscribeOptions) -> Result<Messages> {
        let messages = self.reached("subscribe").await?.subscribe(filter, options).await?;
        Ok(heard(messages, Arc::clone(&self.plan)))
    }

    async fn request(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage> {
        let began = Instant::now();
        self.plan.connected("request", timeout).await?;
        let losses = self.plan.link().losses();
        tokio::select! {
            biased;
            // The answer is lost, and nobody says so.
            () = self.plan.link().lost_after(losses) => {
                sleep(timeout.saturating_sub(began.elapsed())).await;
                let error = injected_error(ErrorKind::Timeout, "no answer came");
                Err(error.with_operation("request").with_effect_unknown())
            }
            answer = self.inner.request(message, timeout.saturating_sub(began.elapsed())) => answer,
        }
    }

    async fn request_many(&self, message: OutboundMessage, options: RequestManyOptions) -> Result<Messages> {
        let answers = self.reached("request").await?.request_many(message, options).await?;
        Ok(heard(answers, Arc::clone(&self.plan)))
    }

    async fn respond(&self, to: &ReplySubject, payload: Bytes, headers: Headers) -> Result<()> {
        self.reached("respond").await?.respond(to, payload, headers).await
    }

    async fn flush(&self) -> Result<()> {
        self.reached("flush").await?.flush().await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
