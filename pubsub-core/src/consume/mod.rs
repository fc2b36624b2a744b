//! Consuming: the contract ([`Consumer`]) and how much to take at once ([`FetchOptions`], [`SubscribeOptions`],
//! [`PullPriority`]).

mod by_fetching;
mod options;
mod priority;

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

pub use options::{FetchOptions, SubscribeOptions};
pub use priority::PullPriority;

use crate::admin::ConsumerInfo;
use crate::message::{Delivery, Settlement};
use crate::{Capabilities, Result};

/// A handle on a durable (or ephemeral) consumer of a stream. Any number of handles, in any number of processes,
/// may share one consumer: each message then goes to one of them.
///
/// # Contract
/// - Every message that matches the consumer's filters is delivered at least once, until it is acked, terminated or
///   has had its `max_deliver` attempts.
/// - At most `max_ack_pending` deliveries are unsettled at a time, over all handles.
/// - Deleting the consumer or its stream ends the work with one error of kind
///   [`NotFound`](crate::ErrorKind::NotFound); closing the broker ends streams without an error and fails fetches
///   with [`Closed`](crate::ErrorKind::Closed).
///
/// # Wrappers
/// A layer that wraps a consumer must forward every method, the defaulted ones too: put
/// `#[deny(clippy::missing_trait_methods)]` on the implementation.
#[async_trait]
pub trait Consumer: Debug + Send + Sync + 'static {
    /// Takes up to `max_messages`. Returns at once with what there is; waits only while there is nothing, up to
    /// `expires`, and then returns an empty batch, which is not an error.
    ///
    /// # Errors
    /// `InvalidInput` for options that break a rule, `NotFound` if the consumer or its stream is gone, `Closed`
    /// after a close, `Unavailable` if the broker cannot be reached within `expires`.
    ///
    /// # Cancel safety
    /// Dropped before completion, no message is lost: what had been delivered to this call comes again.
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>>;

    /// What this consumer can do, layers included: what [`Broker::capabilities`](crate::Broker::capabilities) says, in a
    /// backend. By default the minimum.
    fn capabilities(&self) -> Capabilities {
        Capabilities::minimum()
    }

    /// The consumer's configuration and its counters, as the broker has them now.
    ///
    /// # Errors
    /// `NotFound` if the consumer is gone, `Closed`, `Unavailable` or `Timeout`.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn info(&self) -> Result<ConsumerInfo>;

    /// Delivers messages as they come, prefetching up to the options' buffer.
    ///
    /// An error whose [`retry`](crate::Error::retry) is `Never` is the last item: the stream then ends. After any
    /// other error it goes on; with [`AckPolicy::None`](crate::AckPolicy::None), one of kind `Unavailable` says that what was
    /// on its way may be lost ([`Client::read`](crate::Client::read) misses nothing). Polled again after its end it has still ended. Dropping the stream hands back what was
    /// prefetched and not taken.
    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        by_fetching::subscribe(self, options)
    }

    /// Settles several deliveries the same way; one result for each, in order.
    ///
    /// # Cancel safety
    /// Dropped before completion, some are settled and the rest comes again.
    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            results.push(delivery.settle(settlement.clone()).await);
        }
        results
    }

    /// The backend's own object, for what this vocabulary does not have. The backend's documentation names its
    /// type. Layers forward it.
    fn native(&self) -> Option<&dyn Any> {
        None
    }
}
