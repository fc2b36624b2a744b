//! Publishing: [`NatsPublisher`].
//!
//! A publish is one protocol message whose answer comes back through the connection's shared subscription, so
//! thousands can be in flight; room in the window is the only backpressure.

mod ack;
mod headers;
mod window;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use pubsub_core::{
    BatchReceipt, Capabilities, Capability, Error, ErrorKind, OutboundMessage, PendingReceipt,
    PublishOptions, Publisher, Result, Subject,
};
use tokio::time::{Instant, timeout_at};

pub(crate) use ack::InFlight;
pub(crate) use headers::{plain_headers, wire_headers};
pub(crate) use window::Window;

use crate::connection::{Connection, Phase, Ticket, send_failed};

/// What tokio's clock can add to any instant without overflowing.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Debug)]
pub(crate) struct NatsPublisher {
    connection: Arc<Connection>,
}

impl NatsPublisher {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    async fn hand_over(&self, message: OutboundMessage, options: &PublishOptions) -> Result<PendingReceipt> {
        let connection = &self.connection;
        connection.check_open()?;
        options.check(connection.capabilities())?;
        message.check(connection.capabilities())?;
        connection.check_answerable()?;
        let headers = wire_headers(&message)?;
        let OutboundMessage { subject, payload, .. } = &message;

        let timeout = options.timeout.unwrap_or(connection.config.publish_timeout).min(LONGEST_TIMEOUT);
        let deadline = Instant::now() + timeout;
        let room = connection.window.reserve(wire_size(&message));
        let Ok(Some(room)) = timeout_at(deadline, room).await else {
            return Err(self.no_room());
        };
        connection.ready_by(deadline, timeout, Phase::Closing).await?;
        // A close may have begun meanwhile; it waits for what was accepted before.
        connection.check_open()?;
        let (sender, receipt) = PendingReceipt::channel();
        let waiter = |_| InFlight { subject: subject.clone(), receipt: sender, _room: room };
        let ticket = connection.publishes.register(deadline, waiter);
        let unsent = Unsent { ticket, receipt: Some(receipt) };
        let Some(ticket) = &unsent.ticket else {
            return Err(self.no_room());
        };

        let to = wire_subject(subject)?;
        let reply = ticket.reply_subject(&connection.publish_prefix);
        let payload = payload.clone();
        let client = &connection.client;
        let sent = match headers {
            Some(headers) => {
                timeout_at(deadline, client.publish_with_reply_and_headers(to, reply, headers, payload)).await
            }
            None => timeout_at(deadline, client.publish_with_reply(to, reply, payload)).await,
        };
        match sent {
            Ok(Ok(())) => unsent.sent(),
            Ok(Err(error)) => Err(send_failed(error)),
            Err(_) => Err(connection.unreachable_or_late(timeout)),
        }
    }

    fn no_room(&self) -> Error {
        if !self.connection.is_connected() {
            return self.connection.unreachable_or_late(Duration::ZERO);
        }
        let limit = self.connection.config.max_in_flight;
        Error::new(ErrorKind::Overloaded, "too much is in flight, and none of it was confirmed in time")
            .with_context("max_in_flight", limit)
            .with_remedy("publish more slowly, or raise `max_in_flight` and `max_in_flight_bytes`")
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Publisher for NatsPublisher {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let subject = message.subject.clone();
        self.hand_over(message, &options)
            .await
            .map_err(|error| error.with_operation("publish").with_context("subject", subject))
    }

    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    async fn flush(&self) -> Result<()> {
        self.connection.check_not_closed().map_err(|error| error.with_operation("flush"))?;
        // Bounded: every publish has a deadline.
        self.connection.publishes.flushed().await;
        Ok(())
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let mut outcomes = Vec::with_capacity(messages.len());
        for message in messages {
            outcomes.push(self.publish_with(message, options.clone()).await);
        }
        outcomes
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        drop((messages, options));
        Err(Error::unsupported(Capability::AtomicBatch.name()))
    }

    fn native(&self) -> Option<&dyn Any> {
        Some(&self.connection.client)
    }
}

/// A publish that was not handed to the connection yet. Dropped, it never was: its caller has the error, so the receipt
/// goes without being counted as a failure that nobody saw.
struct Unsent {
    ticket: Option<Ticket<InFlight>>,
    receipt: Option<PendingReceipt>,
}

impl Unsent {
    fn sent(mut self) -> Result<PendingReceipt> {
        if let Some(ticket) = self.ticket.take() {
            ticket.sent();
        }
        self.receipt.take().ok_or_else(|| Error::closed("connection"))
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        drop(self.ticket.take());
        // Its sender is gone with the ticket, so it has an outcome, which is taken out here.
        let _ = self.receipt.take().and_then(FutureExt::now_or_never);
    }
}

/// The subject for async-nats. Both are UTF-8 and neither is copied.
pub(crate) fn wire_subject(subject: &Subject) -> Result<async_nats::Subject> {
    async_nats::Subject::from_utf8(subject.as_bytes().clone())
        .map_err(|error| Error::invalid_input("subject", "it is not UTF-8").with_source(error))
}

fn wire_size(message: &OutboundMessage) -> usize {
    let headers = if message.headers.is_empty() { 0 } else { message.headers.wire_len() };
    let id = message.id.as_ref().map_or(0, |id| id.as_str().len());
    message.subject.as_str().len() + headers + id + message.payload.len()
}
