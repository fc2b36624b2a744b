//! What runs bindings until it is told to stop: [`Worker`].

mod attempt;
mod begin;
mod bound;
mod capacity;
mod clock;
mod control;
mod drain;
mod ending;
mod engine;
mod gathering;
mod held;
mod hooks;
mod inline;
mod intake;
mod keeper;
mod lanes;
mod moment;
mod owed;
mod places;
mod publishing;
mod recovery;
mod settle;
mod status;
mod sweep;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, FutureExt as _, join_all, select};

pub(super) use clock::after;
pub use control::WorkerHandle;
pub use status::{BindingStatus, WorkerPhase, WorkerStatus};

use super::{Binding, Outcome, Settled};
use crate::Result;
use crate::broker::Broker;
use bound::Bound;
use hooks::Hooks;

/// Runs handlers for the messages of one or more consumers, until it is told to stop.
///
/// It alone settles: a handler returns its verdict. What it does by itself:
/// - it extends the ack wait of every message that it holds, up to the binding's deadline for one attempt;
/// - it tries a failed message again by the binding's [`RetryPolicy`](super::RetryPolicy); a message that waits takes no handler's
///   place;
/// - it keeps what is given up in the [`DeadLetters`](super::DeadLetters), and ends the original only when the copy is confirmed;
/// - a handler that panics has failed like any other;
/// - when it stops, it takes nothing more, lets handlers finish until its deadline, hands back what nobody has begun with,
///   and has the last settlements confirmed.
///
/// ```
/// # use pubsub_core::worker::{Binding, DeadLetters, Failure, Json, Router, Worker};
/// # use pubsub_core::{Client, ConsumerConfig, Result};
/// #[derive(serde::Deserialize)]
/// struct Completed {
///     ride_id: String,
/// }
///
/// async fn completed(Json(event): Json<Completed>) -> Result<(), Failure> {
///     println!("bill {}", event.ride_id);
///     Ok(())
/// }
///
/// # async fn example(client: Client, stop: impl Future<Output = ()> + Send) -> Result<()> {
/// let router = Router::new().route("ride.completed", completed)?;
/// let billing = Binding::new("RIDE", ConsumerConfig::durable("billing")?, router)?
///     .with_dead_letters(DeadLetters::in_stream("DEAD_LETTERS")?);
/// let outcome = Worker::new(client).bind(billing).run_until(stop).await?;
/// println!("{} rides billed", outcome.done);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Worker {
    broker: Arc<dyn Broker>,
    bindings: Vec<Binding>,
    drain: Duration,
    handle: WorkerHandle,
    hooks: Hooks,
}

impl Worker {
    /// The default of [`with_drain`](Self::with_drain): 30 s.
    pub const DEFAULT_DRAIN: Duration = Duration::from_secs(30);

    /// A worker without bindings, on a client or any other broker.
    #[must_use]
    pub fn new(broker: impl Broker) -> Self {
        Self {
            broker: Arc::new(broker),
            bindings: Vec::new(),
            drain: Self::DEFAULT_DRAIN,
            handle: WorkerHandle::new(),
            hooks: Hooks::default(),
        }
    }

    /// Adds a consumer and what handles its messages.
    #[must_use]
    pub fn bind(mut self, binding: Binding) -> Self {
        self.bindings.push(binding);
        self
    }

    /// Sets for how long handlers may finish when the worker stops, by default 30 s. What is not finished then is cut off,
    /// and its message comes again.
    #[must_use]
    pub fn with_drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Runs when the consumers are there and nothing has been taken yet. An error keeps the worker from starting.
    #[must_use]
    pub fn on_start<F>(mut self, hook: impl FnOnce(WorkerHandle) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.hooks.on_start.push(Box::new(|worker| hook(worker).boxed()));
        self
    }

    /// Runs after each attempt, when the message is settled or waits for its retry: for metrics, an audit trail, tests. It
    /// must not block; a panic is logged.
    #[must_use]
    pub fn after_settle(mut self, hook: impl Fn(&Settled) + Send + Sync + 'static) -> Self {
        self.hooks.after_settle.push(Arc::new(hook));
        self
    }

    /// Runs when everything is settled, before [`run`](Self::run) returns.
    #[must_use]
    pub fn on_stop<F>(mut self, hook: impl FnOnce() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.hooks.on_stop.push(Box::new(|| hook().boxed()));
        self
    }

    /// What stops, pauses and watches the worker from elsewhere.
    #[must_use]
    pub fn handle(&self) -> WorkerHandle {
        self.handle.clone()
    }

    /// Runs until it is [stopped](WorkerHandle::stop), or a binding cannot go on: then all of them stop.
    ///
    /// # Errors
    /// `Config` for a binding that cannot be; what making sure of consumers and dead letters says, or a
    /// hook. Nothing has been taken then.
    ///
    /// # Cancel safety
    /// Dropped before completion, handlers are cut off where they are; their messages come again after the ack wait, and
    /// those that nobody has begun with at once.
    pub async fn run(self) -> Result<Outcome> {
        self.run_until(std::future::pending()).await
    }

    /// Runs until `stop` resolves (a signal of the operating system, for example), or as [`run`](Self::run).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send) -> Result<Outcome> {
        let Self { broker, bindings, drain, handle, hooks } = self;
        let ends = Ends(handle.clone());
        // All of them, before the first takes a message.
        let mut bound = Vec::with_capacity(bindings.len());
        for binding in &bindings {
            binding.validate()?;
            binding.must_be_kept_by(broker.capabilities())?;
        }
        for binding in bindings {
            let after_settle = hooks.after_settle.clone();
            bound.push(Bound::open(&*broker, binding, handle.clone(), after_settle, drain).await?);
        }
        if !hooks.on_start.is_empty() {
            for hook in hooks.on_start {
                hook(handle.clone()).await?;
            }
            for bound in &mut bound {
                bound.look_again().await?;
            }
        }
        handle.set_phase(WorkerPhase::Running);
        let stop_all = &handle;
        let engines = join_all(bound.into_iter().map(|bound| async move {
            let outcome = engine::run(bound).await;
            // One that ends by itself ends the others too: a service that does half its work looks well and is not.
            stop_all.stop();
            outcome
        }));
        let outcomes = match select(pin!(stop), engines).await {
            Either::Left(((), engines)) => {
                handle.stop();
                engines.await
            }
            Either::Right((outcomes, _)) => outcomes,
        };
        for hook in hooks.on_stop {
            hook().await;
        }
        drop(ends);
        let mut all = Outcome::default();
        outcomes.into_iter().for_each(|outcome| all.add(outcome));
        Ok(all)
    }
}

/// Notes that the worker has ended, also if it was dropped in the middle.
struct Ends(WorkerHandle);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.set_phase(WorkerPhase::Ended);
    }
}
