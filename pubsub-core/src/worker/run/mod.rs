//! What runs bindings until it is told to stop: [`Worker`].

mod attempt;
mod bound;
mod capacity;
mod engine;
mod held;
mod lanes;
mod settle;
mod stop;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, join_all, select};

pub(crate) use stop::StopSignal;

use super::{Binding, Outcome};
use crate::Result;
use crate::broker::Broker;
use bound::Bound;

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
    stop: StopSignal,
}

/// Stops a worker from elsewhere, a handler for example.
#[derive(Debug, Clone)]
pub struct StopHandle(StopSignal);

impl StopHandle {
    /// Tells the worker to stop. It finishes what it has begun.
    pub fn stop(&self) {
        self.0.set();
    }
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
            stop: StopSignal::new(),
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

    /// What stops the worker from elsewhere.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle(self.stop.clone())
    }

    /// Runs until it is [stopped](Self::stop_handle), or a binding cannot go on: then all of them stop.
    ///
    /// # Errors
    /// `Config` for a binding that cannot be; what making sure of consumers and dead letters says. Nothing has been taken then.
    ///
    /// # Cancel safety
    /// Dropped before completion, handlers are cut off where they are; their messages come again after the ack wait.
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
        // All of them, before the first takes a message.
        let mut bound = Vec::with_capacity(self.bindings.len());
        for binding in &self.bindings {
            binding.validate()?;
        }
        for binding in self.bindings {
            bound.push(Bound::open(&*self.broker, binding, self.stop.clone(), self.drain).await?);
        }
        let stop_all = &self.stop;
        let engines = join_all(bound.into_iter().map(|bound| async move {
            let outcome = engine::run(bound).await;
            // One that ends by itself ends the others too: a service that does half its work looks well and is not.
            stop_all.set();
            outcome
        }));
        let outcomes = match select(pin!(stop), engines).await {
            Either::Left(((), engines)) => {
                self.stop.set();
                engines.await
            }
            Either::Right((outcomes, _)) => outcomes,
        };
        let mut all = Outcome::default();
        outcomes.into_iter().for_each(|outcome| all.add(outcome));
        Ok(all)
    }
}
