//! What users hold: [`Delivery`].

use std::ops::Deref;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{Message, Settlement};
use crate::{Error, ErrorKind, Result, counters};

/// One attempt to hand a message over, with the one right to settle it.
///
/// It derefs to [`Message`] for subject, payload, headers and info. Every settlement takes it by value, so a
/// second one does not compile:
///
/// ```compile_fail,E0382
/// # use pubsub_core::{Delivery, Result};
/// async fn handle(delivery: Delivery) -> Result<()> {
///     delivery.ack().await?;
///     delivery.nak().await // error[E0382]: use of moved value: `delivery`
/// }
/// ```
///
/// Dropped unsettled, it is *abandoned*: counted ([`counters::abandoned_deliveries`]), logged with subject and
/// sequence, never acknowledged; the message comes again no later than its ack wait, or as
/// [`OnDrop`](crate::OnDrop) says. A settlement that fails, or whose future is dropped after its first poll, has used the
/// delivery up as well; if the broker did not get it, the message comes again after its ack wait.
#[must_use = "a delivery that is not settled comes again after its ack wait"]
pub struct Delivery {
    /// `None` only after a settlement has taken it.
    message: Option<Box<dyn Message>>,
}

impl Delivery {
    /// Hands a backend's message to a user. For backends and layers.
    pub fn new(message: Box<dyn Message>) -> Self {
        Self { message: Some(message) }
    }

    /// Acknowledges: done, never again. Resolves when the settlement is handed over, not when the broker has it;
    /// a backend may have the first one of a consumer answered, to tell whether it is allowed.
    ///
    /// # Errors
    /// As [`Message::settle`].
    ///
    /// # Cancel safety
    /// Dropped before completion, the settlement was either made or not; if not, the message comes again.
    pub async fn ack(self) -> Result<()> {
        self.settle(Settlement::ack()).await
    }

    /// Acknowledges and waits for the broker's answer.
    ///
    /// `Ok` means that the broker has the settlement. It does not mean that it is on its disk: a JetStream server
    /// that is killed can forget the last confirmed acks (measured on nats-server 2.15.1, one replica).
    ///
    /// # Errors
    /// As [`Message::settle`]; `NotFound` if the consumer or its stream is gone, `Timeout` with
    /// [`Error::is_effect_unknown`] if no answer came.
    ///
    /// # Cancel safety
    /// As [`ack`](Self::ack).
    pub async fn ack_confirmed(self) -> Result<()> {
        self.settle(Settlement::ack().confirmed()).await
    }

    /// Asks for the message again, at once. A handler that fails for ever should use
    /// [`nak_after`](Self::nak_after): this loops hot.
    ///
    /// # Errors
    /// As [`Message::settle`].
    ///
    /// # Cancel safety
    /// As [`ack`](Self::ack).
    pub async fn nak(self) -> Result<()> {
        self.settle(Settlement::nak()).await
    }

    /// Asks for the message again, not before `delay` has passed.
    ///
    /// # Errors
    /// As [`Message::settle`]; `Unsupported` without the capability `nak_delay`.
    ///
    /// # Cancel safety
    /// As [`ack`](Self::ack).
    pub async fn nak_after(self, delay: Duration) -> Result<()> {
        self.settle(Settlement::nak_after(delay)).await
    }

    /// Gives the message up: it is never delivered to this consumer again.
    ///
    /// # Errors
    /// As [`Message::settle`]; `Unsupported` without the capability `term`.
    ///
    /// # Cancel safety
    /// As [`ack`](Self::ack).
    pub async fn term(self, reason: impl Into<String> + Send) -> Result<()> {
        self.settle(Settlement::term_because(reason)).await
    }

    /// Settles as given.
    ///
    /// # Errors
    /// As [`Message::settle`].
    ///
    /// # Cancel safety
    /// As [`ack`](Self::ack).
    pub async fn settle(self, settlement: Settlement) -> Result<()> {
        let message = self.into_message();
        match message.settle_now(&settlement) {
            Some(settled) => settled,
            None => message.settle(settlement).await,
        }
    }

    /// Reads the payload as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Codec`], with subject, stream and sequence; the payload itself is not shown.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(self.payload()).map_err(|source| {
            Error::new(ErrorKind::Codec, "the payload is not the JSON that was expected")
                .with_context("subject", self.subject())
                .with_context("stream", &self.info().stream)
                .with_context("sequence", self.info().stream_sequence)
                .with_context("line", source.line())
                .with_context("column", source.column())
        })
    }

    /// The id that the message was published with, if any.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.headers().get("Nats-Msg-Id")
    }

    /// Gives up the guard: whoever takes the message must settle or abandon it. For layers that wrap messages.
    #[inline]
    #[must_use]
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "the message leaves with `self` only")]
    pub fn into_message(mut self) -> Box<dyn Message> {
        self.message.take().expect("an unsettled delivery holds its message")
    }

    /// Makes a message that nobody has looked at available to others at once, where the backend can. For
    /// backends and layers that prefetch. JetStream counts it as an attempt, like every delivery.
    pub fn hand_back(self) {
        self.into_message().hand_back();
    }
}

impl Deref for Delivery {
    type Target = dyn Message;

    #[expect(clippy::expect_used, reason = "the message leaves with `self` only")]
    fn deref(&self) -> &Self::Target {
        self.message.as_deref().expect("an unsettled delivery holds its message")
    }
}

impl Drop for Delivery {
    #[inline]
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            Self::abandon(message);
        }
    }
}

impl Delivery {
    #[cold]
    fn abandon(message: Box<dyn Message>) {
        counters::count_abandoned_delivery();
        let info = message.info();
        tracing::warn!(
            stream = %info.stream,
            consumer = %info.consumer,
            subject = message.subject(),
            sequence = info.stream_sequence,
            attempt = info.attempt,
            "a delivery was dropped unsettled; it comes again"
        );
        message.abandon();
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Delivery");
        if let Some(message) = &self.message {
            debug
                .field("subject", &message.subject())
                .field("payload_bytes", &message.payload().len())
                .field("headers", message.headers())
                .field("info", message.info());
        }
        debug.finish()
    }
}
