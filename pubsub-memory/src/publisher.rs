//! Publishing into the store.

use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Capabilities, Capability, Error, OutboundMessage, PendingReceipt, PublishOptions,
    Publisher, Receipt, Result, Subject,
};
use tokio::time::Instant;

use crate::connection::Connection;
use crate::error;
use crate::stream::{Effects, Stream, StreamState};

/// Publishes by one connection. The outcome is known when `publish_with` returns.
#[derive(Debug)]
pub(crate) struct MemoryPublisher {
    connection: Arc<Connection>,
}

impl MemoryPublisher {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    /// What is refused before anything is stored.
    fn check(&self, message: &OutboundMessage, options: &PublishOptions) -> Result<()> {
        let capabilities = self.connection.capabilities();
        self.connection
            .check_open("publisher")
            .and_then(|()| options.check(capabilities))
            .and_then(|()| message.check(capabilities))
    }

    /// Gives a message that may be tried again the id that it would have then, and checks it. There is nothing to try again
    /// here: the outcome is always known.
    fn prepare(&self, message: &mut OutboundMessage, options: &PublishOptions) -> Result<()> {
        if options.retry == Some(true) && message.id.is_none() {
            message.id = Some(format!("pubsub-memory-{}", self.connection.store.next_id()).try_into()?);
        }
        self.check(message, options)
    }

    fn route(&self, subject: &Subject) -> Result<Arc<Stream>> {
        self.connection.store.route(subject).ok_or_else(|| error::no_stream_for(subject))
    }

    /// Stores messages of one stream under one lock, and says what became of each.
    fn store(stream: &Stream, messages: Vec<OutboundMessage>, outcomes: &mut Vec<Result<PendingReceipt>>) {
        stream.run(|state, now, effects| {
            outcomes.extend(messages.into_iter().map(|message| {
                let outcome = store_one(state, message, now, effects);
                Ok(PendingReceipt::ready(outcome.map_err(|error| error.with_operation(PUBLISH))))
            }));
        });
    }

    fn publish_all_or_none(
        &self,
        messages: Vec<OutboundMessage>,
        options: &PublishOptions,
    ) -> Result<BatchReceipt> {
        let capabilities = self.connection.capabilities();
        capabilities.require(Capability::AtomicBatch)?;
        if !(1..=MAX_BATCH).contains(&messages.len()) {
            return Err(error::batch_of_wrong_size(messages.len(), MAX_BATCH));
        }
        let mut taken_by: Option<Arc<Stream>> = None;
        for message in &messages {
            self.check(message, options)?;
            let stream = self.route(&message.subject)?;
            match &taken_by {
                Some(first) if first.name() != stream.name() => {
                    return Err(error::batch_of_two_streams(first.name(), stream.name()));
                }
                _ => taken_by = Some(stream),
            }
        }
        let Some(stream) = taken_by else {
            return Err(error::batch_of_wrong_size(0, MAX_BATCH));
        };
        let batch = format!("batch-{}", self.connection.store.next_id());
        self.connection.store.overhear_batch(&messages, &batch);
        stream.run(|state, now, effects| {
            state.check_exists()?;
            state.publish_atomic(messages, &batch, now, effects)
        })
    }
}

const PUBLISH: &str = "publish";

/// The most messages of an atomic batch, as nats-server's.
const MAX_BATCH: usize = 1_000;

fn store_one(
    state: &mut StreamState,
    message: OutboundMessage,
    now: Instant,
    effects: &mut Effects,
) -> Result<Receipt> {
    // Deleted since it was looked up: as if it had been before.
    state.check_exists().map_err(|_| error::no_stream_for(&message.subject))?;
    state.publish(message, now, effects)
}

#[async_trait]
impl Publisher for MemoryPublisher {
    async fn publish_with(
        &self,
        mut message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        // Nothing here ever waits, so that a loop of publishes would otherwise keep consumers from running.
        tokio::task::consume_budget().await;
        self.prepare(&mut message, &options).map_err(|error| error.with_operation(PUBLISH))?;
        self.connection.store.overhear(&message);
        let outcome = self
            .route(&message.subject)
            .and_then(|stream| stream.run(|state, now, effects| store_one(state, message, now, effects)));
        Ok(PendingReceipt::ready(outcome.map_err(|error| error.with_operation(PUBLISH))))
    }

    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    async fn flush(&self) -> Result<()> {
        self.connection.check_open("publisher")
    }

    /// One lock for each run of messages of one stream.
    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        tokio::task::consume_budget().await;
        let mut outcomes = Vec::with_capacity(messages.len());
        let mut run: Option<(Arc<Stream>, Vec<OutboundMessage>)> = None;
        for mut message in messages {
            let prepared = self.prepare(&mut message, &options);
            let routed = prepared.map(|()| {
                self.connection.store.overhear(&message);
                self.route(&message.subject)
            });
            match (routed, &mut run) {
                (Ok(Ok(stream)), Some((same, run))) if Arc::ptr_eq(same, &stream) => run.push(message),
                (routed, run) => {
                    if let Some((stream, run)) = run.take() {
                        Self::store(&stream, run, &mut outcomes);
                    }
                    let failed = |error: Error| error.with_operation(PUBLISH);
                    match routed {
                        Ok(Ok(stream)) => *run = Some((stream, vec![message])),
                        Ok(Err(error)) => outcomes.push(Ok(PendingReceipt::ready(Err(failed(error))))),
                        Err(error) => outcomes.push(Err(failed(error))),
                    }
                }
            }
        }
        if let Some((stream, run)) = run {
            Self::store(&stream, run, &mut outcomes);
        }
        outcomes
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        tokio::task::consume_budget().await;
        self.publish_all_or_none(messages, &options).map_err(|error| error.with_operation("publish atomic"))
    }
}
