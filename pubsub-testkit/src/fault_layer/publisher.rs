use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Capabilities, Error, ErrorKind, OutboundMessage, PendingReceipt, PublishOptions, Publisher,
    Result,
};
use tokio::time::sleep;

use super::fault::PublishFault;
use super::link::PATIENCE;
use super::plan::{Plan, injected_error};

#[derive(Debug)]
pub(super) struct FaultyPublisher {
    inner: Arc<dyn Publisher>,
    plan: Arc<Plan>,
}

impl FaultyPublisher {
    pub(super) fn new(inner: Arc<dyn Publisher>, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }

    /// What happens before anything is sent, and what is left to happen afterwards.
    async fn before(&self, subject: &str, options: &PublishOptions) -> Result<Option<PublishFault>> {
        let fault = self.plan.for_publish(subject);
        if let Some(PublishFault::Disconnect(lasts)) = fault {
            self.plan.link().cut(lasts);
        }
        self.plan.connected("publish", options.timeout.unwrap_or(PATIENCE)).await?;
        match fault {
            Some(PublishFault::Fail(kind)) => {
                Err(injected_error(kind, "the publish failed; nothing was sent").with_operation("publish"))
            }
            Some(PublishFault::Delay(delay)) => {
                sleep(delay).await;
                Ok(None)
            }
            Some(PublishFault::Disconnect(_)) | None => Ok(None),
            Some(after) => Ok(Some(after)),
        }
    }

    async fn publish(&self, message: OutboundMessage, options: PublishOptions) -> Result<PendingReceipt> {
        match self.before(message.subject.as_str(), &options).await? {
            Some(PublishFault::Duplicate) => {
                let first = self.inner.publish_with(message.clone(), options.clone()).await?;
                let second = self.inner.publish_with(message, options).await?;
                Ok(PendingReceipt::from_future(async move {
                    let receipt = first.await;
                    // Nobody knows of the second.
                    let _ = second.await;
                    receipt
                }))
            }
            Some(PublishFault::UnknownStored) => {
                let stored = self.inner.publish_with(message, options).await?;
                Ok(PendingReceipt::from_future(async move {
                    stored.await?;
                    Err(no_receipt())
                }))
            }
            Some(PublishFault::UnknownNotStored) => {
                // What would have been refused is still refused.
                message.check(self.inner.capabilities())?;
                Ok(PendingReceipt::ready(Err(no_receipt())))
            }
            _ => self.inner.publish_with(message, options).await,
        }
    }
}

fn no_receipt() -> Error {
    injected_error(ErrorKind::Timeout, "no receipt came").with_operation("publish").with_effect_unknown()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Publisher for FaultyPublisher {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        self.publish(message, options).await
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let mut outcomes = Vec::with_capacity(messages.len());
        for message in messages {
            outcomes.push(self.publish(message, options.clone()).await);
        }
        outcomes
    }

    /// One publish, whose subject is that of the first message. It is not doubled: a batch is stored once.
    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let subject = messages.first().map(|message| message.subject.clone());
        let fault = self.before(subject.as_ref().map_or("", |subject| subject.as_str()), &options).await?;
        match fault {
            Some(PublishFault::UnknownStored) => {
                self.inner.publish_atomic(messages, options).await?;
                Err(no_receipt())
            }
            Some(PublishFault::UnknownNotStored) => Err(no_receipt()),
            _ => self.inner.publish_atomic(messages, options).await,
        }
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn flush(&self) -> Result<()> {
        self.plan.connected("flush", PATIENCE).await?;
        self.inner.flush().await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
