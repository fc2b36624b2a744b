use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Capabilities, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Result,
};

use super::Tamper;

#[derive(Debug)]
pub(super) struct TamperedPublisher {
    inner: Arc<dyn Publisher>,
    tamper: Arc<dyn Tamper>,
}

impl TamperedPublisher {
    pub(super) fn new(inner: Arc<dyn Publisher>, tamper: Arc<dyn Tamper>) -> Self {
        Self { inner, tamper }
    }

    async fn publish(&self, message: OutboundMessage, options: PublishOptions) -> Result<PendingReceipt> {
        let message = self.tamper.outbound(message);
        let pending = self.tamper.publish(&self.inner, message, options).await?;
        let tamper = Arc::clone(&self.tamper);
        Ok(PendingReceipt::from_future(async move { pending.await.map(|receipt| tamper.receipt(receipt)) }))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Publisher for TamperedPublisher {
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
        for message in self.tamper.arranged(messages) {
            let outcome = self.publish(message, options.clone()).await;
            let goes_on = self.tamper.goes_on_after(&outcome);
            outcomes.push(outcome);
            if !goes_on {
                break;
            }
        }
        outcomes
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let messages = messages.into_iter().map(|message| self.tamper.outbound(message)).collect();
        self.tamper.publish_atomic(&self.inner, messages, options).await
    }

    fn capabilities(&self) -> Capabilities {
        self.tamper.capabilities(self.inner.capabilities())
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
