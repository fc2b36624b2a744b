//! Flaws in what a connection tells, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use pubsub_core::{
    Capabilities, Capability, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Result,
};
use tokio::runtime::Handle;

use super::Tamper;

/// The likely cause: an error that is to help whoever reads the log.
#[derive(Debug)]
pub(super) struct ShowsPayloads;

#[async_trait]
impl Tamper for ShowsPayloads {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let start = message.payload.slice(..message.payload.len().min(80));
        let shown =
            |error: pubsub_core::Error| error.with_context("payload", start.escape_ascii().to_string());
        inner.publish_with(message, options).await.map_err(shown)
    }
}

/// The likely cause: a first answer of the server that says what it can do.
#[derive(Debug, Default)]
pub(super) struct LearnsItsFeatures {
    learnt: AtomicBool,
}

#[async_trait]
impl Tamper for LearnsItsFeatures {
    fn capabilities(&self, capabilities: Capabilities) -> Capabilities {
        if self.learnt.load(Ordering::Acquire) {
            capabilities
        } else {
            capabilities.without(Capability::Pause)
        }
    }

    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        self.learnt.store(true, Ordering::Release);
        inner.publish_with(message, options).await
    }
}

/// The likely cause: a task for each handle, begun where it is made.
#[derive(Debug)]
pub(super) struct NeedsARuntime;

impl Tamper for NeedsARuntime {
    fn gives_administration(&self) {
        drop(Handle::current());
    }
}
