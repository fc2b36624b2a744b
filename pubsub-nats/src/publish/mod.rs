//! Publishing: [`NatsPublisher`].
//!
//! A publish is one protocol message whose answer comes back through the connection's shared subscription, so
//! thousands can be in flight; room in the window is the only backpressure. One whose outcome is not known is sent again by
//! the connection's courier, under one id and within its time.

mod ack;
mod at_once;
mod atomic;
mod batch_headers;
mod courier;
mod dispatch;
mod doubt;
mod headers;
mod ids;
mod in_flight;
mod outbox;
mod together;
mod window;

use std::any::Any;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use pubsub_core::{
    BatchReceipt, Capabilities, Confirm, Error, OutboundMessage, PendingReceipt, PublishOptions, Publisher,
    Result, Subject,
};
use tokio::time::{Instant, timeout_at};

pub(crate) use courier::Courier;
pub(crate) use headers::{plain_headers, wire_headers};
pub(crate) use ids::Ids;
pub(crate) use in_flight::InFlight;
pub(crate) use outbox::Outbox;
pub(crate) use together::Lanes;
pub(crate) use window::Window;

use crate::connection::{Connection, Phase};
use at_once::{AtOnce, at_once};
use dispatch::{dispatch, no_room};
use in_flight::{Again, MadeId};
use together::{Gathered, Queued};
use window::Reservation;

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

    /// What is to be known of a publish before anything is done for it.
    fn begin(&self, message: &mut OutboundMessage, options: &PublishOptions) -> Result<Begun> {
        self.connection.check_open()?;
        let again = self.prepare(message, options)?;
        self.connection.check_answerable()?;
        Ok(Begun { again, at: Instant::now(), timeout: self.timeout(options) })
    }

    /// Hands a publish over at once, or when it may be.
    async fn hand_over(
        &self,
        message: OutboundMessage,
        options: &PublishOptions,
        begun: Begun,
    ) -> Result<PendingReceipt> {
        match at_once(&self.connection, message, options, begun) {
            AtOnce::Done(outcome) => outcome,
            // Boxed: it is large, and rare.
            AtOnce::Later(message) => Box::pin(self.hand_over_later(message, options, begun)).await,
        }
    }

    async fn hand_over_later(
        &self,
        message: OutboundMessage,
        options: &PublishOptions,
        begun: Begun,
    ) -> Result<PendingReceipt> {
        let connection = &self.connection;
        let lane = connection.lanes.lane_for(connection, &message, options).await;
        let (mut receipt, publish) = self.accept(message, begun).await?;
        match lane {
            Some(lane) => {
                let together = options.confirm == Confirm::StoredOnly && publish.message.is_plain();
                lane.add(connection, iter::once(begun.queued(publish, together)));
            }
            None => dispatch(connection, publish, begun.timeout).await.map_err(|failed| failed.error)?,
        }
        receipt.take()
    }

    /// Waits for room, and then for the connection, before anything is queued anywhere.
    async fn accept(&self, message: OutboundMessage, begun: Begun) -> Result<(Unsent, InFlight)> {
        let connection = &self.connection;
        let deadline = begun.deadline();
        let room = connection.window.reserve(wire_size(&message));
        let Ok(Some(room)) = timeout_at(deadline, room).await else {
            return Err(no_room(connection));
        };
        connection.ready_by(deadline, begun.timeout, Phase::Closing).await?;
        // A close may have begun meanwhile; it waits for what was accepted before.
        connection.check_open()?;
        Ok(begun.in_flight(connection, message, room))
    }

    fn timeout(&self, options: &PublishOptions) -> Duration {
        options.timeout.unwrap_or(self.connection.config.publish_timeout).min(LONGEST_TIMEOUT)
    }

    /// Checks the message and gives it an id if it is to be tried again and has none; then tells whether it got one.
    fn prepare(&self, message: &mut OutboundMessage, options: &PublishOptions) -> Result<Option<MadeId>> {
        let (connection, retry) = (&self.connection, options.retry);
        let capabilities = connection.capabilities();
        options.check(capabilities)?;
        if !retry.unwrap_or(connection.config.publish_retry) {
            return message.check(capabilities).map(|()| None);
        }
        if message.id.is_some() {
            return message.check(capabilities).map(|()| Some(MadeId(false)));
        }
        message.id = Some(connection.ids.message_id()?);
        match message.check(capabilities) {
            Ok(()) => Ok(Some(MadeId(true))),
            Err(error) if retry.is_some() => Err(error),
            // What has no room for an id goes without, once.
            Err(_) => {
                message.id = None;
                message.check(capabilities).map(|()| None)
            }
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Publisher for NatsPublisher {
    async fn publish_with(
        &self,
        mut message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let subject = message.subject.clone();
        let handed_over = match self.begin(&mut message, &options) {
            Ok(begun) => self.hand_over(message, &options, begun).await,
            Err(error) => Err(error),
        };
        handed_over.map_err(|error| explain(error, &subject))
    }

    fn capabilities(&self) -> Capabilities {
        self.connection.capabilities()
    }

    async fn flush(&self) -> Result<()> {
        self.connection.check_not_closed().map_err(|error| error.with_operation("flush"))?;
        // Bounded: every publish has a deadline.
        self.connection.lanes.flushed().await;
        self.connection.publishes.flushed().await;
        Ok(())
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let mut outcomes = Vec::with_capacity(messages.len());
        let mut together = Gathered::new(&self.connection);
        for mut message in messages {
            let subject = message.subject.clone();
            let handed_over = match self.begin(&mut message, &options) {
                Ok(begun) => match together.add(message, &options, begun).await {
                    AtOnce::Done(outcome) => outcome,
                    // It has to wait, or to go by itself; those before it go first.
                    AtOnce::Later(message) => {
                        together.hand_over();
                        self.hand_over(message, &options, begun).await
                    }
                },
                Err(error) => Err(error),
            };
            outcomes.push(handed_over.map_err(|error| explain(error, &subject)));
        }
        together.hand_over();
        outcomes
    }

    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let deadline = Instant::now() + self.timeout(&options);
        let stored = atomic::publish(&self.connection, &messages, deadline).await;
        stored.map_err(|error| error.with_operation("publish atomic"))
    }

    fn native(&self) -> Option<&dyn Any> {
        Some(&self.connection.client)
    }
}

/// What is known of a publish before anything is done for it.
#[derive(Clone, Copy)]
struct Begun {
    /// Whether it is tried again, and got its id for that.
    again: Option<MadeId>,
    at: Instant,
    /// The time it has, from then on.
    timeout: Duration,
}

impl Begun {
    fn deadline(self) -> Instant {
        self.at + self.timeout
    }

    /// The publish, which has room now and was not handed over.
    fn in_flight(
        self,
        connection: &Connection,
        message: OutboundMessage,
        room: Reservation,
    ) -> (Unsent, InFlight) {
        let again = self.again.map(|id| Again::new(&connection.outbox, id, self.at, self.timeout));
        let (receipt, pending) = PendingReceipt::channel();
        let deadline = self.deadline();
        let publish = InFlight { message, receipt, _room: room, deadline, handed_over: false, again };
        (Unsent(Some(pending)), publish)
    }

    /// The same on its way through a lane.
    fn queued(self, publish: InFlight, together: bool) -> Queued {
        Queued { publish, timeout: self.timeout, began: self.at, together }
    }
}

fn explain(error: Error, subject: &Subject) -> Error {
    error.with_operation("publish").with_context("subject", subject)
}

/// The receipt of a publish that was not handed over yet. Dropped, it never was: its caller has the error, so the receipt
/// goes without being counted as a failure that nobody saw.
struct Unsent(Option<PendingReceipt>);

impl Unsent {
    fn take(&mut self) -> Result<PendingReceipt> {
        self.0.take().ok_or_else(|| Error::closed("connection"))
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        // Its sender is gone before, so it has an outcome, which is taken out here.
        let _ = self.0.take().and_then(FutureExt::now_or_never);
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
