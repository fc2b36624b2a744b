//! Publishing into the store.

use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    Capabilities, Error, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Receipt, Result,
};

use crate::connection::Connection;

/// Publishes by one connection. The outcome is known when `publish_with` returns.
#[derive(Debug)]
pub(crate) struct MemoryPublisher {
    connection: Arc<Connection>,
}

impl MemoryPublisher {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    fn accept(&self, message: OutboundMessage, options: &PublishOptions) -> Result<PendingReceipt> {
        self.connection
            .check_open("publisher")
            .and_then(|()| options.check(self.connection.capabilities()))
            .and_then(|()| message.check(self.connection.capabilities()))
            .map_err(|error| error.with_operation("publish"))?;
        Ok(PendingReceipt::ready(self.store(message).map_err(|error| error.with_operation("publish"))))
    }

    fn store(&self, message: OutboundMessage) -> Result<Receipt> {
        let subject = message.subject.clone();
        let missing = || Error::no_stream_for(&subject);
        let stream = self.connection.store.route(&subject).ok_or_else(missing)?;
        stream.run(|state, now, effects| {
            // Deleted since it was looked up: as if it had been before.
            state.check_exists().map_err(|_| missing())?;
            state.publish(message, now, effects).map_err(|error| error.with_context("subject", &subject))
        })
    }
}

#[async_trait]
impl Publisher for MemoryPublisher {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        // Nothing here ever waits, so that a loop of publishes would otherwise keep consumers from running.
        tokio::task::consume_budget().await;
        self.accept(message, &options)
    }

    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    async fn flush(&self) -> Result<()> {
        Ok(())
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        tokio::task::consume_budget().await;
        messages.into_iter().map(|message| self.accept(message, &options)).collect()
    }
}
