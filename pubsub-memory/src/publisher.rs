//! Publishing into the store.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use futures::future::BoxFuture;
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

    /// Publishes the message that is there.
    fn publish_one(
        &self,
        place: &mut Option<OutboundMessage>,
        options: &PublishOptions,
    ) -> Option<Result<PendingReceipt>> {
        let failed = |error: Error| error.with_operation(PUBLISH);
        let message = place.as_mut()?;
        if let Err(error) = self.prepare(message, options) {
            return Some(Err(failed(error)));
        }
        self.connection.store.overhear(message);
        let outcome = match self.route(&message.subject) {
            // Nearly every message stays where it is until its parts are stored.
            Ok(stream) => match stream.publish_plain(message) {
                Some(outcome) => outcome,
                None => stream.publish(place.take()?),
            },
            Err(error) => Err(error),
        };
        Some(Ok(PendingReceipt::ready(outcome.map_err(failed))))
    }

    fn route(&self, subject: &Subject) -> Result<Arc<Stream>> {
        self.connection.store.route(subject).ok_or_else(|| error::no_stream_for(subject))
    }

    /// Stores messages of one stream under one lock, and says what became of each.
    fn store(stream: &Stream, messages: Vec<OutboundMessage>, outcomes: &mut Vec<Result<PendingReceipt>>) {
        stream.run_publish(|state, now, effects| {
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
        stream.run_publish(|state, now, effects| {
            state.check_exists()?;
            state.publish_atomic(messages, &batch, now, effects)
        })
    }
}

/// One publish on its way. Written by hand, since what the compiler makes of an `async fn` holds the message twice.
#[derive(Debug)]
struct Publish<'a> {
    publisher: &'a MemoryPublisher,
    /// Until it is published.
    message: Option<OutboundMessage>,
    options: PublishOptions,
}

impl Future for Publish<'_> {
    type Output = Result<PendingReceipt>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Nothing here ever waits, so that a loop of publishes would otherwise keep consumers from running.
        let progress = ready!(tokio::task::coop::poll_proceed(context));
        let this = &mut *self;
        let Some(outcome) = this.publisher.publish_one(&mut this.message, &this.options) else {
            return Poll::Pending;
        };
        this.message = None;
        progress.made_progress();
        Poll::Ready(outcome)
    }
}

const PUBLISH: &str = "publish";

/// For how many messages of one stream there is room at once; more make more.
const RUN: usize = 64;

/// The most messages of an atomic batch, as nats-server's.
const MAX_BATCH: usize = 1_000;

fn store_one(
    state: &mut StreamState,
    mut message: OutboundMessage,
    now: Instant,
    effects: &mut Effects,
) -> Result<Receipt> {
    state.check_open_to(&message.subject)?;
    if !effects.are_heard() && state.takes_plainly(&message, now) {
        return state.publish_plain(&mut message, now, effects);
    }
    state.publish(message, now, effects)
}

#[async_trait]
impl Publisher for MemoryPublisher {
    fn publish_with<'life0, 'async_trait>(
        &'life0 self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> BoxFuture<'async_trait, Result<PendingReceipt>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(Publish { publisher: self, message: Some(message), options })
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
        let (count, mut begun) = (messages.len(), 0);
        for mut message in messages {
            begun += 1;
            let prepared = self.prepare(&mut message, &options);
            let routed = prepared.map(|()| {
                self.connection.store.overhear(&message);
                match &run {
                    // Most batches have one subject.
                    Some((stream, run)) if run.last().is_some_and(|last| last.subject == message.subject) => {
                        Ok(Arc::clone(stream))
                    }
                    _ => self.route(&message.subject),
                }
            });
            match (routed, &mut run) {
                (Ok(Ok(stream)), Some((same, run))) if Arc::ptr_eq(same, &stream) => run.push(message),
                (routed, run) => {
                    if let Some((stream, run)) = run.take() {
                        Self::store(&stream, run, &mut outcomes);
                    }
                    let failed = |error: Error| error.with_operation(PUBLISH);
                    match routed {
                        Ok(Ok(stream)) => {
                            let mut first = Vec::with_capacity((count + 1 - begun).min(RUN));
                            first.push(message);
                            *run = Some((stream, first));
                        }
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
