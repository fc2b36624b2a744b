//! The breaker around handlers: while it is open, messages wait.

use std::time::Duration;

use futures::future::BoxFuture;
use pubsub_core::worker::{Failure, Incoming, IntoResponse as _, Next, Response, RouteLayer};

use super::CircuitBreaker;

/// A circuit that closes in no time is not asked again at once.
const LEAST: Duration = Duration::from_millis(10);

impl RouteLayer for CircuitBreaker {
    /// A failure is one that may be tried again: what was rejected is the message's fault, and what was postponed was not begun.
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let mut call = match self.enter() {
            Ok(call) => call,
            Err(remaining) => {
                let reason = format!("the circuit `{}` is open", self.name);
                let postponed = Failure::postpone(remaining.max(LEAST), reason).into_response();
                return Box::pin(std::future::ready(postponed));
            }
        };
        let running = next.run(incoming);
        Box::pin(async move {
            let response = running.await;
            call.leave(match response.failure() {
                None => Some(true),
                Some(failure) if failure.is_postponed() => None,
                Some(failure) => Some(failure.is_final()),
            });
            response
        })
    }
}
