use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;

use super::Prefix;
use crate::message::OutboundMessage;
use crate::publish::{BatchReceipt, PendingReceipt, PublishOptions, Publisher};
use crate::{Capabilities, Result};

#[derive(Debug)]
pub(super) struct PrefixedPublisher {
    pub(super) inner: Arc<dyn Publisher>,
    pub(super) prefix: Prefix,
}

impl PrefixedPublisher {
    fn prefixed(&self, message: OutboundMessage) -> Result<OutboundMessage> {
        self.prefix.on_message(message)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Publisher for PrefixedPublisher {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        self.inner.publish_with(self.prefixed(message)?, options).await
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let prefixed: Vec<_> = messages.into_iter().map(|message| self.prefixed(message)).collect();
        let mut accepted = Vec::with_capacity(prefixed.len());
        let mut batch = Vec::with_capacity(prefixed.len());
        let mut refused = Vec::new();
        for (index, message) in prefixed.into_iter().enumerate() {
            match message {
                Ok(message) => batch.push(message),
                Err(error) => refused.push((index, error)),
            }
        }
        accepted.extend(self.inner.publish_batch(batch, options).await);
        for (index, error) in refused {
            accepted.insert(index, Err(error));
        }
        accepted
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let messages = messages.into_iter().map(|message| self.prefixed(message)).collect::<Result<_>>()?;
        self.inner.publish_atomic(messages, options).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
