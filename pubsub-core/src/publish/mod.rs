//! Publishing: the contract ([`Publisher`]), the outcome ([`PendingReceipt`], [`Receipt`]) and what users call
//! ([`PublisherExt`]).

mod ext;
mod options;
mod pipeline;
mod receipt;

use std::any::Any;
use std::fmt::Debug;

use async_trait::async_trait;

pub use ext::PublisherExt;
pub use options::{Confirm, PublishOptions};
pub use receipt::{BatchReceipt, PendingReceipt, Receipt, ReceiptSender};

use crate::message::OutboundMessage;
use crate::{Capabilities, Capability, Error, Result};

/// Hands messages to a broker. Implemented by each backend and by layers; users call [`PublisherExt`].
///
/// # Contract
/// - Every publish ends in one of three ways: *stored* (a receipt), *rejected* (an error) or *unknown* (an
///   error with [`is_effect_unknown`](crate::Error::is_effect_unknown)). Nothing is dropped in silence.
/// - A message that breaks a rule ([`OutboundMessage::check`]) is refused before anything is sent.
/// - Messages published one after the other by one caller are stored in that order.
/// - Waiting inside `publish_with` is the only backpressure.
///
/// # Wrappers
/// A layer that wraps a publisher must forward every method, the defaulted ones too: put
/// `#[deny(clippy::missing_trait_methods)]` on the implementation.
#[async_trait]
pub trait Publisher: Debug + Send + Sync + 'static {
    /// Hands one message over. Resolves once it is accepted for sending; the [`PendingReceipt`] then resolves with
    /// the broker's confirmation.
    ///
    /// # Errors
    /// `InvalidInput`, `PayloadTooLarge` or `Unsupported` for a message that breaks a rule, `Closed` after a
    /// close, `Unavailable`, `Overloaded` or `Timeout` if it cannot be accepted: then it was not sent. The receipt
    /// resolves with `NotFound` if no stream takes the subject, `Conflict` if a full stream refuses it, and
    /// `Timeout` with an unknown effect if no confirmation came.
    ///
    /// # Cancel safety
    /// Dropped before completion, the message is either unsent or sent, never half sent. With a message id it can
    /// be published again without being stored twice.
    async fn publish_with(&self, message: OutboundMessage, options: PublishOptions)
    -> Result<PendingReceipt>;

    /// What this publisher can do, layers included: what [`Broker::capabilities`](crate::Broker::capabilities) says, in
    /// a backend. By default the minimum.
    fn capabilities(&self) -> Capabilities {
        Capabilities::minimum()
    }

    /// Waits until every message accepted before this call has its outcome. A backend that has the outcome
    /// already when `publish_with` returns answers `Ok` at once.
    ///
    /// # Errors
    /// `Timeout` or `Closed` if that takes too long or cannot happen any more. A failed publish is not an error
    /// here: its own receipt says so.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn flush(&self) -> Result<()>;

    /// Hands several messages over, in order; one outcome for each, in the same order. A refused message does not
    /// stop the ones after it.
    ///
    /// # Cancel safety
    /// Dropped before completion, a prefix of the messages is sent and the rest is not.
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

    /// Publishes messages of one stream that are stored all, one after the other, or not at all. Capability
    /// `atomic_batch`; the stream must allow it ([`allow_atomic_batches`](crate::StreamConfig::allow_atomic_batches)).
    /// At most 1,000 messages (nats-server's limit).
    ///
    /// A message id that is known already refuses the whole batch (10201), so a batch that is published again after an
    /// unknown outcome is not stored twice, but fails (ADR-50).
    ///
    /// # Errors
    /// As [`publish_with`](Self::publish_with) and its receipt; `InvalidInput` for no message or too many (10199),
    /// `Config` (10174) if the stream does not allow it, `Conflict` if an expectation of any message does not hold.
    ///
    /// # Cancel safety
    /// Dropped before completion, all messages are stored or none is.
    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        drop((messages, options));
        Err(Error::unsupported(Capability::AtomicBatch.name()))
    }

    /// The backend's own object, for what this vocabulary does not have. The backend's documentation names its
    /// type. Layers forward it.
    fn native(&self) -> Option<&dyn Any> {
        None
    }
}
