//! Messages: what is published ([`OutboundMessage`]), what is received ([`Message`], [`Delivery`]) and how a
//! delivery ends ([`Settlement`]).

mod delivery;
mod expectations;
mod info;
mod instructions;
mod outbound;
mod rollup;
mod schedule;
mod settlement;
mod stored;
mod ttl;

use std::any::Any;
use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

pub use delivery::Delivery;
pub use expectations::Expectations;
pub use info::DeliveryInfo;
pub use outbound::OutboundMessage;
pub use rollup::Rollup;
pub use schedule::{Schedule, ScheduleTime};
pub use settlement::{OnDrop, Settlement, SettlementKind};
pub use ttl::TimeToLive;

use crate::headers::Headers;
use crate::{Capability, Error, Result};

/// A message as a consumer received it, with the one right to settle it. Implemented by each backend; users
/// hold a [`Delivery`].
///
/// # Contract
/// - `settle` consumes the message, so that it cannot be settled twice.
/// - A settlement of a kind that the backend lacks ([`Settlement::check`]) is refused with
///   [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported); the message then comes again after its ack wait.
/// - Dropping the value settles nothing. The message comes again no later than its ack wait.
///
/// # Wrappers
/// A layer that wraps a message must forward every method, the defaulted ones too: put
/// `#[deny(clippy::missing_trait_methods)]` on the implementation.
#[async_trait]
pub trait Message: Debug + Send + Sync + Any {
    /// The subject that the message was published to. Other clients may have published it, so it may break
    /// the rules that [`Subject`](crate::Subject) keeps.
    fn subject(&self) -> &str;

    /// The payload.
    fn payload(&self) -> &Bytes;

    /// The headers, those of the broker (`Nats-...`) included.
    fn headers(&self) -> &Headers;

    /// Where the message stands in its stream and in its consumer.
    fn info(&self) -> &DeliveryInfo;

    /// Ends this delivery.
    ///
    /// # Errors
    /// `Unsupported` for a settlement that the backend lacks, `PermissionDenied` for one that the broker is known to forbid,
    /// `Closed` after a close, `Unavailable` or `Timeout` if the broker cannot be told; with `Settlement::confirmed`, also `NotFound` if the consumer is gone.
    ///
    /// # Cancel safety
    /// Dropped before completion, the settlement was either made or not; if not, the message comes again.
    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()>;

    /// As [`settle`](Self::settle) where that never waits: `Some` has ended this delivery, and the message is to be dropped.
    /// With `None` nothing has happened, and `settle` is to be called. Users call neither; [`Delivery`] asks here first.
    /// For backends that settle in memory, which are spared a future on the heap; by default `None`.
    fn settle_now(&self, settlement: &Settlement) -> Option<Result<()>> {
        let _ = settlement;
        None
    }

    /// Buys one more ack wait, counted from now. Capability `extend`; the default refuses.
    ///
    /// # Errors
    /// `Unsupported`, `Closed` or `Unavailable`, as for `settle`.
    ///
    /// # Cancel safety
    /// Dropped before completion, the ack wait was either extended or not.
    async fn extend(&self) -> Result<()> {
        Err(Error::unsupported(Capability::Extend.name()))
    }

    /// Called when a delivery is dropped unsettled: never acknowledges, never blocks. With
    /// [`OnDrop::NakAfter`] it asks for an early redelivery; otherwise an empty body is correct.
    fn abandon(self: Box<Self>);

    /// Called for a message that was prefetched and never handed out: makes it available to others at once,
    /// where the backend can. Never blocks.
    fn hand_back(self: Box<Self>) {
        self.abandon();
    }
}
