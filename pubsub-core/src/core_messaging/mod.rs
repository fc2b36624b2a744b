//! Plain messages, without a stream: publish, subscribe with queue groups, request and reply.
//!
//! Nothing is stored and nothing comes again: whoever does not listen misses a message. A stream that takes the subject
//! stores it all the same.

mod message;
mod options;

use std::any::Any;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

pub use message::CoreMessage;
pub use options::{CoreSubscribeOptions, GroupName, RequestManyOptions};

use crate::headers::Headers;
use crate::message::OutboundMessage;
use crate::subject::{ReplySubject, SubjectFilter};
use crate::{Capabilities, Result};

/// Publishes, receives and asks without a stream: at most once, to whoever listens now. Got from
/// [`Broker::core`](crate::Broker::core).
///
/// # Contract
/// - A plain publish is not confirmed: `Ok` says that it was handed over.
/// - Of several members of one group, one gets each message; everybody else who listens gets it too.
/// - A message with [instructions](OutboundMessage::is_plain) is refused: they speak of streams.
#[async_trait]
pub trait CoreMessaging: Debug + Send + Sync + 'static {
    /// Publishes to whoever listens.
    ///
    /// # Errors
    /// `InvalidInput`, `PayloadTooLarge` or `Unsupported` for a message that breaks a rule, `PermissionDenied`, `Closed`
    /// or `Unavailable`.
    ///
    /// # Cancel safety
    /// Dropped before completion, the message is unsent or sent.
    async fn publish(&self, message: OutboundMessage) -> Result<()>;

    /// Listens to the subjects that match. It listens when this returns: what is published afterwards, on this
    /// connection, arrives. The stream ends when the broker is closed; dropping it ends the listening.
    ///
    /// A listener that does not keep up loses messages: what does not fit into its buffer is dropped, and an `Overloaded`
    /// error comes in its place that says how many.
    ///
    /// # Errors
    /// `PermissionDenied`, `Closed`, `Unavailable` or `Timeout`.
    ///
    /// # Cancel safety
    /// Dropped before completion, nobody listens.
    async fn subscribe(
        &self,
        filter: SubjectFilter,
        options: CoreSubscribeOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>>;

    /// Asks, and waits for the first answer.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); `NotFound` (503) at once if nobody listens, `Timeout` if nobody answers in time:
    /// somebody may have acted on it then, so its effect is unknown.
    ///
    /// # Cancel safety
    /// Dropped before completion, the request may have been sent; its answer is not waited for.
    async fn request(&self, message: OutboundMessage, timeout: Duration) -> Result<CoreMessage>;

    /// Asks, and gives each answer as it comes, until one of the [limits](RequestManyOptions) is met.
    ///
    /// # Errors
    /// As [`publish`](Self::publish). `NotFound` (503) if nobody listens is an item of the stream, and its last.
    ///
    /// # Cancel safety
    /// As [`request`](Self::request).
    async fn request_many(
        &self,
        message: OutboundMessage,
        options: RequestManyOptions,
    ) -> Result<BoxStream<'static, Result<CoreMessage>>>;

    /// Answers a request.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    async fn respond(&self, to: &ReplySubject, payload: Bytes, headers: Headers) -> Result<()>;

    /// Waits until the broker has taken everything that was published before.
    ///
    /// # Errors
    /// `Timeout`, `Unavailable` or `Closed`.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    async fn flush(&self) -> Result<()>;

    /// What can be published, layers included.
    fn capabilities(&self) -> Capabilities;

    /// The backend's own object, for what this vocabulary does not have. Layers forward it.
    fn native(&self) -> Option<&dyn Any> {
        None
    }
}
