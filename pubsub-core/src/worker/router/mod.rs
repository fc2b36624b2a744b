//! Which handler a subject goes to: [`Router`].

mod pattern;

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

pub(crate) use pattern::{Parameters, Pattern};

use super::extract::Incoming;
use super::handler::{Erased, ErasedHandler, Handler, Response};
use super::run::StopSignal;
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
    handler: Arc<dyn ErasedHandler<S>>,
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
        self.add(Route { pattern: Pattern::new(pattern)?, handler: Arc::new(Erased::new(handler)) })?;
        Ok(self)
    }

    /// Takes over the routes of another router, each under a prefix, which may have names too.
    ///
    /// # Errors
    /// As [`route`](Self::route).
    pub fn nest(mut self, prefix: &str, router: Self) -> Result<Self> {
        let prefix = Pattern::new(prefix)?;
        for route in router.routes {
            self.add(Route { pattern: route.pattern.under(&prefix)?, handler: route.handler })?;
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
            handler: Arc::new(Stateful { handler: route.handler, state: state.clone() })
                as Arc<dyn ErasedHandler<()>>,
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
    /// Begins to handle a message; `None` if no route takes its subject.
    pub(super) fn call(
        &self,
        message: &dyn Message,
        attempt: u64,
        stop: &StopSignal,
    ) -> Option<BoxFuture<'static, Response>> {
        let subject = message.subject();
        let route = self.routes.iter().find(|route| route.pattern.filter().matches(subject))?;
        let incoming = Incoming { message, parameters: route.pattern.parameters(subject), attempt, stop };
        Some(route.handler.call(&incoming, &()))
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
struct Stateful<S> {
    handler: Arc<dyn ErasedHandler<S>>,
    state: S,
}

impl<S: Clone + Send + Sync + 'static> ErasedHandler<()> for Stateful<S> {
    fn call(&self, incoming: &Incoming<'_>, (): &()) -> BoxFuture<'static, Response> {
        self.handler.call(incoming, &self.state)
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
