//! What a handler says of its message: [`Verdict`], [`IntoResponse`].

use std::time::Duration;

use super::Failure;
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
#[derive(Debug)]
pub struct Response {
    pub(crate) verdict: Verdict,
    pub(crate) publish: Vec<OutboundMessage>,
}

impl Response {
    /// Done, once these messages are stored. A message without an id gets one that is made of the handled message, so that
    /// another attempt does not store it twice.
    #[must_use]
    pub fn publishing(messages: Vec<OutboundMessage>) -> Self {
        Self { verdict: Verdict::Done, publish: messages }
    }

    /// Whether the handler has succeeded.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.verdict, Verdict::Done)
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
        Response { verdict: self, publish: Vec::new() }
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
