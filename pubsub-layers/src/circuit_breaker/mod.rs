//! Refusing at once what would fail anyway: [`CircuitBreaker`].

mod around;
mod circuit;
mod handler;

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::Duration;

use pubsub_core::config::duration;
use pubsub_core::{Consumer, Error, ErrorKind, Health, HealthState, Layer, Publisher, Result, StreamAdmin};

pub use circuit::CircuitState;

use crate::around::{AdminAround, ConsumerAround, PublisherAround};
use circuit::{Circuit, Entry, Limits};

type Counts = dyn Fn(&Error) -> bool + Send + Sync;
type OnChange = dyn Fn(&str, CircuitState) + Send + Sync;

/// A layer that, after so many failures in a row, refuses calls at once for a while, and then lets one at a time through to see
/// whether it succeeds.
///
/// - *Closed*: calls pass. After [`with_failures`](Self::with_failures) failures in a row the circuit opens.
/// - *Open*: calls fail at once with `Unavailable`, and had no effect; or publishes go to the
///   [fallback](Self::with_fallback). After a time the circuit is half open.
/// - *Half open*: one call passes. If it succeeds the circuit closes; if not it is open again, for twice as long.
///
/// A failure is an error of the kinds `Timeout`, `Unavailable`, `Overloaded` or `Unexpected`
/// ([`counting`](Self::counting) says otherwise): a broker that refuses a message answers, and so is well. What is refused has
/// [`Retry::Exhausted`](pubsub_core::Retry::Exhausted), so that a [`Retry`](crate::Retry) outside of the breaker ends at once; the
/// context `retry_after` says when to come again. The outcome of a publish whose receipt nobody waits for does not count. A
/// subscription passes: it goes on by itself when the broker is back.
///
/// Clones share the circuit, and so do all publishers, consumers and administration with this layer. It goes around handlers too
/// ([`Router::layer`](pubsub_core::worker::Router::layer)): while it is open messages are postponed, without using up an
/// attempt. Give what a handler depends on (a database, a payment service) a breaker of its own.
///
/// **Place**: outside of [`Timeout`](crate::Timeout), inside of [`Retry`](crate::Retry).
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::Health;
/// use pubsub_layers::{CircuitBreaker, CircuitState};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let breaker = CircuitBreaker::new("broker").with_failures(5).with_open_for(Duration::from_secs(10));
/// assert_eq!(breaker.state(), CircuitState::Closed);
/// assert!(breaker.report(Health::healthy()).is_usable());
/// # }
/// ```
#[derive(Clone)]
pub struct CircuitBreaker {
    name: Arc<str>,
    limits: Limits,
    circuit: Arc<Circuit>,
    counts: Arc<Counts>,
    on_change: Option<Arc<OnChange>>,
    fallback: Option<Arc<dyn Publisher>>,
}

/// No circuit is open for longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl CircuitBreaker {
    /// The default of [`with_failures`](Self::with_failures): 5.
    pub const DEFAULT_FAILURES: u32 = 5;
    /// The default of [`with_open_for`](Self::with_open_for): 10 s.
    pub const DEFAULT_OPEN_FOR: Duration = Duration::from_secs(10);
    /// The default of [`with_open_at_most`](Self::with_open_at_most): 2 min.
    pub const DEFAULT_OPEN_AT_MOST: Duration = Duration::from_secs(120);

    /// A closed circuit of this name, which errors, health and metrics show.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let limits = Limits {
            failures: Self::DEFAULT_FAILURES,
            open_for: Self::DEFAULT_OPEN_FOR,
            open_at_most: Self::DEFAULT_OPEN_AT_MOST,
        };
        Self {
            name: name.into().into(),
            limits,
            circuit: Arc::new(Circuit::new(limits)),
            counts: Arc::new(is_failure),
            on_change: None,
            fallback: None,
        }
    }

    /// Sets how many failures in a row open it: at least 1, by default 5. It closes the circuit, and parts it from clones made before.
    #[must_use]
    pub fn with_failures(self, failures: u32) -> Self {
        let failures = failures.max(1);
        self.with_limits(|limits| limits.failures = failures)
    }

    /// Sets for how long it is open the first time: up to a day, by default 10 s. As [`with_failures`](Self::with_failures) otherwise.
    #[must_use]
    pub fn with_open_for(self, open_for: Duration) -> Self {
        self.with_limits(|limits| limits.open_for = open_for.min(LONGEST))
    }

    /// Sets for how long it is open at most, after probes that failed: up to a day, by default 2 min. As
    /// [`with_failures`](Self::with_failures) otherwise.
    #[must_use]
    pub fn with_open_at_most(self, open_at_most: Duration) -> Self {
        self.with_limits(|limits| limits.open_at_most = open_at_most.min(LONGEST))
    }

    fn with_limits(mut self, set: impl FnOnce(&mut Limits)) -> Self {
        set(&mut self.limits);
        self.limits.open_at_most = self.limits.open_at_most.max(self.limits.open_for);
        self.circuit = Arc::new(Circuit::new(self.limits));
        self
    }

    /// Sets which errors are failures.
    #[must_use]
    pub fn counting(mut self, counts: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.counts = Arc::new(counts);
        self
    }

    /// Calls this, with the circuit's name and its new state, when it opens and when it closes. That it is half open shows in
    /// [`state`](Self::state) alone: time makes it so. It must be quick.
    #[must_use]
    pub fn on_change(mut self, tell: impl Fn(&str, CircuitState) + Send + Sync + 'static) -> Self {
        self.on_change = Some(Arc::new(tell));
        self
    }

    /// Publishes there while the circuit is open: into a store in this process, or another cluster. Its receipts are those of
    /// the fallback.
    #[must_use]
    pub fn with_fallback(mut self, fallback: Arc<dyn Publisher>) -> Self {
        self.fallback = Some(fallback);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does with calls now.
    #[must_use]
    pub fn state(&self) -> CircuitState {
        self.circuit.state()
    }

    /// Adds the circuit to a health report: one that is not closed makes it degraded, with the reason.
    #[must_use]
    pub fn report(&self, health: Health) -> Health {
        match self.state() {
            CircuitState::Closed => health,
            CircuitState::Open { remaining } => health.because(
                HealthState::Degraded,
                format!(
                    "the circuit `{}` is open for {} yet",
                    self.name,
                    duration::format(rounded(remaining))
                ),
            ),
            CircuitState::HalfOpen => {
                health.because(HealthState::Degraded, format!("the circuit `{}` is half open", self.name))
            }
        }
    }

    /// Lets a call in, or says for how long none is.
    fn enter(&self) -> Result<Call, Duration> {
        let entry = self.circuit.enter()?;
        Ok(Call { breaker: self.clone(), entry: Some(entry) })
    }

    fn refusal(&self, operation: &'static str, remaining: Duration) -> Error {
        let message = format!("the circuit `{}` is open: too many calls have failed", self.name);
        Error::new(ErrorKind::Unavailable, message)
            .with_operation(operation)
            .with_retry(pubsub_core::Retry::Exhausted)
            .with_context("circuit", &self.name)
            .with_context("retry_after", duration::format(rounded(remaining)))
            .with_remedy("find out why the calls before failed, and come again later")
    }

    fn leave(&self, entry: Entry, succeeded: Option<bool>) {
        let Some(state) = self.circuit.leave(entry, succeeded) else {
            return;
        };
        match state {
            CircuitState::Closed => tracing::info!(circuit = &*self.name, "the circuit has closed"),
            _ => tracing::warn!(circuit = &*self.name, "the circuit has opened"),
        }
        if let Some(tell) = &self.on_change {
            tell(&self.name, state);
        }
    }
}

/// For people: nobody needs the nanoseconds.
fn rounded(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn is_failure(error: &Error) -> bool {
    let kinds = [ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Overloaded, ErrorKind::Unexpected];
    kinds.contains(&error.kind())
}

/// One call that was let in. Dropped without an outcome it says nothing.
#[derive(Debug)]
struct Call {
    breaker: CircuitBreaker,
    entry: Option<Entry>,
}

impl Call {
    fn end<T>(mut self, outcome: Result<T>) -> Result<T> {
        let failed = outcome.as_ref().err().is_some_and(|error| (self.breaker.counts)(error));
        self.leave(Some(!failed));
        outcome
    }

    fn leave(&mut self, succeeded: Option<bool>) {
        if let Some(entry) = self.entry.take() {
            self.breaker.leave(entry, succeeded);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.leave(None);
    }
}

impl Debug for CircuitBreaker {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .field("circuit", &self.circuit)
            .field("fallback", &self.fallback)
            .finish_non_exhaustive()
    }
}

impl Layer for CircuitBreaker {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, self.clone())
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        ConsumerAround::over(inner, self.clone())
    }

    fn admin(&self, inner: Arc<dyn StreamAdmin>) -> Arc<dyn StreamAdmin> {
        AdminAround::over(inner, self.clone())
    }
}
