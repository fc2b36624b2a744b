//! Which handler a subject goes to: [`Router`].

mod pattern;

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

pub(crate) use pattern::{Parameters, Pattern};

use super::extract::FromMessage;
use super::extract::Incoming;
use super::handler::{
    BatchCall, BatchHandler, BatchLimits, Erased, ErasedBatch, ErasedBatchOf, ErasedHandler, Handler,
    Response,
};
use super::layer::{Layered, RouteLayer};
use super::run::WorkerHandle;
use crate::message::Message;
use crate::subject::SubjectFilter;
use crate::{Error, ErrorKind, Result};

/// Which handler a subject goes to. Routes may not overlap, so their order means nothing.
///
/// A pattern is a filter whose wildcards may have names: `ride.{ride_id}.completed`, `log.{rest..}`. Handlers get them by
/// [`Path`](super::Path). `S` is the state that handlers share ([`State`](super::State)).
///
/// ```
/// use pubsub_core::worker::{Path, Router, State};
///
/// #[derive(Clone)]
/// struct Prices {
///     cents_per_km: u32,
/// }
///
/// async fn requested(Path(ride): Path<String>, State(prices): State<Prices>) {
///     println!("{ride}: {} cents per km", prices.cents_per_km);
/// }
///
/// let rides = Router::new().route("{ride_id}.requested", requested)?.with_state(Prices { cents_per_km: 120 });
/// let router = Router::new().nest("ride", rides)?;
/// assert_eq!(router.filters()[0], "ride.*.requested");
/// # Ok::<(), pubsub_core::Error>(())
/// ```
pub struct Router<S = ()> {
    routes: Vec<Route<S>>,
}

struct Route<S> {
    pattern: Pattern,
    action: Action<S>,
    /// Whether a layer was to go around it that cannot.
    misses_layer: bool,
}

enum Action<S> {
    One(Arc<dyn ErasedHandler<S>>),
    Batch(Arc<dyn ErasedBatch<S>>, BatchLimits),
}

/// The handlers are the same.
impl<S> Clone for Router<S> {
    fn clone(&self) -> Self {
        let routes = self.routes.iter().map(|route| Route {
            pattern: route.pattern.clone(),
            action: match &route.action {
                Action::One(handler) => Action::One(Arc::clone(handler)),
                Action::Batch(handler, limits) => Action::Batch(Arc::clone(handler), *limits),
            },
            misses_layer: route.misses_layer,
        });
        Self { routes: routes.collect() }
    }
}

impl<S: Clone + Send + Sync + 'static> Router<S> {
    /// A router without routes.
    #[must_use]
    pub fn new() -> Self {
        Self { routes: Vec::new() }
    }

    /// Sends the subjects of a pattern to a handler.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for what is no pattern, [`ErrorKind::Conflict`] if another route takes some of its
    /// subjects.
    pub fn route<H, Arguments>(mut self, pattern: &str, handler: H) -> Result<Self>
    where
        H: Handler<Arguments, S>,
        Arguments: 'static,
    {
        let action = Action::One(Arc::new(Erased::new(handler)));
        self.add(Route { pattern: Pattern::new(pattern)?, action, misses_layer: false })?;
        Ok(self)
    }

    /// Sends the subjects of a pattern to a handler of several messages at once. A batch takes one place of the
    /// concurrency; with a key there is at most one message of each key in it.
    ///
    /// # Errors
    /// As [`route`](Self::route).
    pub fn route_batch<H, Arguments, T>(
        mut self,
        pattern: &str,
        limits: BatchLimits,
        handler: H,
    ) -> Result<Self>
    where
        H: BatchHandler<Arguments, T, S>,
        Arguments: 'static,
        T: FromMessage<S>,
    {
        let action = Action::Batch(Arc::new(ErasedBatchOf::new(handler)), limits);
        self.add(Route { pattern: Pattern::new(pattern)?, action, misses_layer: false })?;
        Ok(self)
    }

    /// Wraps the handlers of all routes that are there so far; the first layer that is added is the innermost. No layer goes around
    /// a handler of batches: add those afterwards, or [`Binding::new`](super::Binding::new) refuses the router.
    #[must_use]
    pub fn layer(self, layer: impl RouteLayer) -> Self {
        let layer: Arc<dyn RouteLayer> = Arc::new(layer);
        let wrap = |route: Route<S>| match route.action {
            Action::One(inner) => {
                let action = Action::One(Arc::new(Layered::new(Arc::clone(&layer), inner)));
                Route { action, pattern: route.pattern, misses_layer: false }
            }
            Action::Batch(..) => Route { misses_layer: true, ..route },
        };
        Self { routes: self.routes.into_iter().map(wrap).collect() }
    }

    /// Takes over the routes of another router, each under a prefix, which may have names too.
    ///
    /// # Errors
    /// As [`route`](Self::route).
    pub fn nest(mut self, prefix: &str, router: Self) -> Result<Self> {
        let prefix = Pattern::new(prefix)?;
        for route in router.routes {
            self.add(Route { pattern: route.pattern.under(&prefix)?, ..route })?;
        }
        Ok(self)
    }

    /// Takes over the routes of another router.
    ///
    /// # Errors
    /// As [`route`](Self::route).
    pub fn merge(mut self, router: Self) -> Result<Self> {
        for route in router.routes {
            self.add(route)?;
        }
        Ok(self)
    }

    /// Gives the handlers their state. What is left has none, and so can be nested in any router without state.
    #[must_use]
    pub fn with_state(self, state: S) -> Router {
        let give = |route: Route<S>| Route {
            pattern: route.pattern,
            misses_layer: route.misses_layer,
            action: match route.action {
                Action::One(inner) => Action::One(Arc::new(Stateful { inner, state: state.clone() })),
                Action::Batch(inner, limits) => {
                    Action::Batch(Arc::new(Stateful { inner, state: state.clone() }), limits)
                }
            },
        };
        Router { routes: self.routes.into_iter().map(give).collect() }
    }

    /// The subjects that it takes, in the order of the routes.
    #[must_use]
    pub fn filters(&self) -> Vec<SubjectFilter> {
        self.routes.iter().map(|route| route.pattern.filter().clone()).collect()
    }

    fn add(&mut self, route: Route<S>) -> Result<()> {
        let (added, filter) = (&route.pattern, route.pattern.filter());
        if let Some(known) = self.routes.iter().find(|known| known.pattern.filter().overlaps(filter)) {
            return Err(Error::new(ErrorKind::Conflict, "two routes take the same subjects")
                .with_context("route", added.filter())
                .with_context("other_route", known.pattern.filter())
                .with_remedy("make their patterns disjoint"));
        }
        self.routes.push(route);
        Ok(())
    }
}

impl Router {
    /// A route that a layer was to go around and cannot.
    pub(super) fn missing_layer(&self) -> Option<&SubjectFilter> {
        self.routes.iter().find(|route| route.misses_layer).map(|route| route.pattern.filter())
    }

    /// The route that takes a subject.
    pub(super) fn find(&self, subject: &str) -> Option<usize> {
        self.routes.iter().position(|route| route.pattern.filter().matches(subject))
    }

    /// Of a route of batches, when they are due.
    pub(super) fn batch_limits(&self, route: usize) -> Option<BatchLimits> {
        match self.routes.get(route)?.action {
            Action::Batch(_, limits) => Some(limits),
            Action::One(_) => None,
        }
    }

    /// The largest batch of any route; 0 if there are none.
    pub(super) fn largest_batch(&self) -> usize {
        let sizes = (0..self.routes.len()).filter_map(|route| self.batch_limits(route));
        sizes.map(|limits| limits.max_messages).max().unwrap_or(0)
    }

    /// Begins to handle a message.
    pub(super) fn call(
        &self,
        route: usize,
        message: &dyn Message,
        attempt: u64,
        worker: &WorkerHandle,
    ) -> Option<BoxFuture<'static, Response>> {
        let Route { pattern, action: Action::One(handler), .. } = self.routes.get(route)? else {
            return None;
        };
        let parameters = pattern.parameters(message.subject());
        Some(handler.call(&Incoming { message, parameters, attempt, worker }, &()))
    }

    /// Begins to handle a batch of messages with their attempts.
    pub(super) fn call_batch<'a>(
        &'a self,
        route: usize,
        batch: impl Iterator<Item = (&'a dyn Message, u64)>,
        worker: &'a WorkerHandle,
    ) -> Option<BatchCall> {
        let Route { pattern, action: Action::Batch(handler, _), .. } = self.routes.get(route)? else {
            return None;
        };
        let incoming = |(message, attempt): (&'a dyn Message, u64)| {
            let parameters = pattern.parameters(message.subject());
            Incoming { message, parameters, attempt, worker }
        };
        Some(handler.call(&batch.map(incoming).collect::<Vec<_>>(), &()))
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Router<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.routes.iter().map(|route| route.pattern.filter())).finish()
    }
}

/// A handler that has its state.
struct Stateful<H: ?Sized, S> {
    inner: Arc<H>,
    state: S,
}

impl<S: Send + Sync + 'static> ErasedHandler<()> for Stateful<dyn ErasedHandler<S>, S> {
    fn call(&self, incoming: &Incoming<'_>, (): &()) -> BoxFuture<'static, Response> {
        self.inner.call(incoming, &self.state)
    }
}

impl<S: Send + Sync + 'static> ErasedBatch<()> for Stateful<dyn ErasedBatch<S>, S> {
    fn call(&self, incoming: &[Incoming<'_>], (): &()) -> BatchCall {
        self.inner.call(incoming, &self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn nothing() {}

    #[test]
    fn routes_may_not_overlap() {
        let router: Router = Router::new().route("ride.*", nothing).unwrap();
        let clash = router.route("{what}.done", nothing).unwrap_err();
        assert_eq!((clash.kind(), clash.context("other_route")), (ErrorKind::Conflict, Some("ride.*")));
    }

    #[test]
    fn nested_routes_have_the_prefix_and_their_own_state() {
        let inner = Router::new().route("{id}.done", nothing).unwrap().with_state(7_u8);
        let router: Router = Router::new().nest("ride.{city}", inner).unwrap();
        assert_eq!(router.filters(), [SubjectFilter::new("ride.*.*.done").unwrap()]);
        let twice = router.merge(Router::new().route("ride.oslo.1.done", nothing).unwrap());
        assert!(twice.is_err());
    }
}
