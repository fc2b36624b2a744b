//! What goes around the handlers of routes: [`RouteLayer`], and those that come with the core.

mod error_classes;
mod inbox;
mod rate_limit;
mod timeout;
mod traced;

use std::sync::Arc;

use futures::future::BoxFuture;

pub use error_classes::{ErrorClass, ErrorClasses};
pub use inbox::{Inbox, InboxStore, MemoryInbox};
pub use rate_limit::RateLimit;
pub use timeout::Timeout;
pub use traced::Traced;

use super::extract::Incoming;
use super::handler::{ErasedHandler, Response};

/// What goes around the handlers of a router's routes ([`Router::layer`](super::Router::layer)).
///
/// ```
/// use futures::future::BoxFuture;
/// use pubsub_core::worker::{Failure, Incoming, IntoResponse as _, Next, Response, RouteLayer, Router};
///
/// /// Lets nothing in that has no tenant.
/// struct NeedsTenant;
///
/// impl RouteLayer for NeedsTenant {
///     fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
///         if incoming.message().headers().contains("tenant") {
///             return next.run(incoming);
///         }
///         Box::pin(async { Failure::reject("no header `tenant`").into_response() })
///     }
/// }
///
/// let router: Router = Router::new().route("ride.done", || async {})?.layer(NeedsTenant);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
pub trait RouteLayer: Send + Sync + 'static {
    /// Handles a message, or lets the next layer, or the handler, do it. The future owns all it needs.
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response>;
}

/// What a layer goes around: the next layer, or the handler.
#[expect(missing_debug_implementations, reason = "a handler has nothing to show")]
pub struct Next<'a> {
    inner: &'a dyn Fn(&Incoming<'_>) -> BoxFuture<'static, Response>,
}

impl Next<'_> {
    /// Extracts the arguments. What the handler does begins when the future is polled.
    #[must_use]
    pub fn run(self, incoming: &Incoming<'_>) -> BoxFuture<'static, Response> {
        (self.inner)(incoming)
    }
}

/// A handler with a layer around it.
pub(crate) struct Layered<S> {
    layer: Arc<dyn RouteLayer>,
    inner: Arc<dyn ErasedHandler<S>>,
}

impl<S> Layered<S> {
    pub(crate) fn new(layer: Arc<dyn RouteLayer>, inner: Arc<dyn ErasedHandler<S>>) -> Self {
        Self { layer, inner }
    }
}

impl<S: Sync> ErasedHandler<S> for Layered<S> {
    fn call(&self, incoming: &Incoming<'_>, state: &S) -> BoxFuture<'static, Response> {
        let inner = |incoming: &Incoming<'_>| self.inner.call(incoming, state);
        self.layer.call(incoming, Next { inner: &inner })
    }
}
