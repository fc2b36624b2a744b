//! What a handler says of its message: [`Verdict`], [`IntoResponse`].

use std::fmt;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};

use super::Failure;
use crate::Result;
use crate::message::OutboundMessage;

/// What a handler says of its message. The worker turns it into a settlement, so that a handler can neither settle twice
/// nor forget to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// Done: acknowledged.
    Done,
    /// Not done: tried again, or given up, as the failure and the policy say.
    Failed(Failure),
}

impl Verdict {
    /// Tried again, not before `delay` has passed.
    #[must_use]
    pub fn retry_after(delay: Duration, reason: impl Into<String>) -> Self {
        Self::Failed(Failure::retry_after(delay, reason))
    }

    /// Given up: to the dead letters.
    #[must_use]
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::Failed(Failure::reject(reason))
    }
}

/// A verdict, and messages to publish before it takes effect.
pub struct Response {
    pub(crate) verdict: Verdict,
    pub(crate) publish: Vec<OutboundMessage>,
    /// What runs when they are stored, the innermost first.
    pub(crate) stored: Vec<BoxFuture<'static, Result<()>>>,
}

impl Response {
    /// Done, once these messages are stored. A message without an id gets one that is made of the handled message, so that
    /// another attempt does not store it twice.
    #[must_use]
    pub fn publishing(messages: Vec<OutboundMessage>) -> Self {
        Self { publish: messages, ..Self::from(Verdict::Done) }
    }

    /// Runs this when all that the handler returned is stored, before the message is acknowledged; an error is an error of
    /// the handler. It does not run if the handler has failed, or a publish. For layers that remember what was done.
    #[must_use]
    pub fn when_stored(mut self, then: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        self.stored.push(then.boxed());
        self
    }

    /// Whether the handler has succeeded.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.verdict, Verdict::Done)
    }

    /// What is to be published before the verdict takes effect, for layers that add a header.
    #[must_use]
    pub fn messages_mut(&mut self) -> &mut [OutboundMessage] {
        &mut self.publish
    }

    /// Why it has not, for layers that look at it.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.verdict {
            Verdict::Done => None,
            Verdict::Failed(failure) => Some(failure),
        }
    }
}

impl From<Verdict> for Response {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, publish: Vec::new(), stored: Vec::new() }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("verdict", &self.verdict)
            .field("publish", &self.publish)
            .field("stored", &self.stored.len())
            .finish()
    }
}

/// What a handler may return: nothing, a [`Verdict`], messages to publish before the ack, or a `Result` of one of them
/// whose error converts into a [`Failure`].
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "no verdict can be made of this",
    note = "return `()`, `Verdict`, `OutboundMessage` (or a `Vec` or `Option` of it), or `Result<_, E>` where `E` is an error"
)]
pub trait IntoResponse {
    /// The verdict, and what is to be published before it.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for Verdict {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Verdict::Done.into_response()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        Verdict::Failed(self).into_response()
    }
}

impl IntoResponse for OutboundMessage {
    fn into_response(self) -> Response {
        Response::publishing(vec![self])
    }
}

impl IntoResponse for Vec<OutboundMessage> {
    fn into_response(self) -> Response {
        Response::publishing(self)
    }
}

impl IntoResponse for Option<OutboundMessage> {
    fn into_response(self) -> Response {
        Response::publishing(self.into_iter().collect())
    }
}

impl<T: IntoResponse, E: Into<Failure>> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into().into_response(),
        }
    }
}
