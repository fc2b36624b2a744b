//! A service under test, its worker included: [`TestApp`].

mod handled;
mod quiet;

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use pubsub_core::worker::{DeadLetter, DeadLetterStore, DeadLetters, Outcome, Settled, Worker, WorkerHandle};
use pubsub_core::{Client, Error, ErrorKind, OutboundMessage, Receipt, Result, Subject, SubjectFilter};
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use handled::Handled;

use crate::recorder::{Expectation, Recorder};

/// A service under test: its own worker, run beside the test. What is published drives it until it is quiet; then the test
/// asserts what was handled, published and given up.
///
/// It runs on whatever client it is given: on the memory backend under virtual time, where a retry in an hour takes no time
/// at all, and, by another URL, on a real server.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::worker::{Attempt, Binding, DeadLetters, Failure, Router, Worker};
/// use pubsub_core::{Client, ConsumerConfig, OutboundMessage, Provision, StreamConfig};
/// use pubsub_testkit::TestApp;
///
/// // The service.
/// async fn completed(Attempt(attempt): Attempt) -> Result<OutboundMessage, Failure> {
///     if attempt == 1 {
///         return Err(Failure::retry_after(Duration::from_secs(60), "the bank is closed"));
///     }
///     Ok(OutboundMessage::new("ride.billed", "120")?)
/// }
///
/// fn service(client: Client) -> pubsub_core::Result<Worker> {
///     let router = Router::new().route("ride.completed", completed)?;
///     let billing = Binding::new("RIDE", ConsumerConfig::durable("billing")?, router)?
///         .with_dead_letters(DeadLetters::in_stream("DEAD_LETTERS")?);
///     Ok(Worker::new(client).bind(billing))
/// }
///
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> pubsub_core::Result<()> {
/// # let memory = pubsub_memory::MemoryServer::new(pubsub_memory::MemoryConfig::default())?.connect();
/// # let client = Client::new(std::sync::Arc::new(memory));
/// // The test. `client` is that of `memory://`, or of a server.
/// client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
/// let app = TestApp::start(client, service).await?;
/// app.publish("ride.completed", "r-17").await?;
/// app.handled("ride.completed").on_attempt(1).retried_because("the bank is closed").once();
/// app.published("ride.billed").never();
///
/// app.advance(Duration::from_secs(60)).await?;
/// app.handled("ride.completed").on_attempt(2).done().once();
/// app.published("ride.billed").with_payload("120").once();
/// assert_eq!(app.stop().await?.dead_lettered, 0);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "memory"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct TestApp {
    client: Client,
    recorder: Recorder,
    worker: WorkerHandle,
    task: JoinHandle<Result<Outcome>>,
    settled: Arc<Mutex<Vec<Settled>>>,
    patience: Duration,
}

impl TestApp {
    /// How long it may take until the service is quiet, on tokio's clock: 60 s, unless
    /// [`with_patience`](Self::with_patience) says otherwise.
    pub const PATIENCE: Duration = Duration::from_secs(60);

    /// Starts the service that `build` makes, on this client; its streams must be there.
    ///
    /// # Errors
    /// What `build` says, what keeps the worker from starting, and [`ErrorKind::Timeout`] if it has not started within
    /// [`PATIENCE`](Self::PATIENCE).
    ///
    /// # Cancel safety
    /// Dropped before completion, the service runs on until the runtime ends.
    pub async fn start(client: Client, build: impl FnOnce(Client) -> Result<Worker>) -> Result<Self> {
        let recorder = Recorder::new();
        let client = recorder.over(client);
        let settled: Arc<Mutex<Vec<Settled>>> = Arc::default();
        let noted = Arc::clone(&settled);
        let worker = build(client.clone())?.after_settle(move |settled: &Settled| {
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(settled.clone());
        });
        let handle = worker.handle();
        let task = tokio::spawn(worker.run());
        let app = Self { client, recorder, worker: handle, task, settled, patience: Self::PATIENCE };
        app.started().await
    }

    async fn started(mut self) -> Result<Self> {
        let deadline = Instant::now() + self.patience;
        while !self.worker.status().is_ready() {
            if self.task.is_finished() {
                let ended = (&mut self.task).await.map_err(panicked)?;
                let why = |outcome: Outcome| outcome.errors.into_iter().next();
                return match ended.map(why) {
                    Ok(Some(error)) | Err(error) => Err(error),
                    Ok(None) => Ok(self),
                };
            }
            if Instant::now() >= deadline {
                self.worker.stop();
                let status = self.worker.status();
                return Err(Error::new(ErrorKind::Timeout, "the service under test did not start in time")
                    .with_context("status", format!("{status:?}"))
                    .with_remedy("see that its streams are there, and that a server answers"));
            }
            tokio::time::sleep(quiet::LOOK).await;
        }
        Ok(self)
    }

    /// Sets how long it may take until the service is quiet.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The client that the service uses; what is done with it is recorded.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What stops, pauses and watches the service.
    #[must_use]
    pub fn worker(&self) -> &WorkerHandle {
        &self.worker
    }

    /// Everything that was published, delivered and settled.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Publishes, and lets the service work until it is [quiet](Self::quiet).
    ///
    /// # Errors
    /// As a publish, and as [`quiet`](Self::quiet).
    ///
    /// # Cancel safety
    /// Dropped before completion, the message is published or not.
    pub async fn publish<S>(&self, subject: S, payload: impl Into<Bytes> + Send) -> Result<Receipt>
    where
        S: TryInto<Subject, Error: Into<Error>> + Send,
    {
        self.publish_message(OutboundMessage::new(subject, payload)?).await
    }

    /// Publishes a value as JSON, as [`publish`](Self::publish).
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub async fn publish_json<S, T>(&self, subject: S, value: &T) -> Result<Receipt>
    where
        S: TryInto<Subject, Error: Into<Error>> + Send,
        T: Serialize + Sync + ?Sized,
    {
        self.publish_message(OutboundMessage::json(subject, value)?).await
    }

    /// Publishes a message, as [`publish`](Self::publish).
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub async fn publish_message(&self, message: OutboundMessage) -> Result<Receipt> {
        let receipt = self.client.publish_message(message).await?;
        self.quiet().await?;
        Ok(receipt)
    }

    /// Waits until nothing is left to do at present: everything that is stored was handled, what that published too, and what
    /// is not settled waits for its time (a retry, a batch) or for an earlier one of its key.
    ///
    /// It looks every 10 ms on tokio's clock, so a time that is shorter than that passes.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after its [patience](Self::with_patience), with what the service is busy with; what the
    /// broker says.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn quiet(&self) -> Result<()> {
        quiet::wait(&self.client, &self.worker, self.patience).await
    }

    /// Lets time pass, and then the service work until it is [quiet](Self::quiet). Under virtual time it takes none.
    ///
    /// # Errors
    /// As [`quiet`](Self::quiet).
    ///
    /// # Cancel safety
    /// Dropped before completion, some of the time has passed.
    pub async fn advance(&self, time: Duration) -> Result<()> {
        tokio::time::sleep(time).await;
        self.quiet().await
    }

    /// The attempts that have ended, of messages with matching subjects.
    ///
    /// # Panics
    /// If the filter is not a valid [`SubjectFilter`].
    #[track_caller]
    pub fn handled<F>(&self, filter: F) -> Handled
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Handled::new(filter, settled)
    }

    /// The messages that were published to matching subjects, those of the test included.
    ///
    /// # Panics
    /// If the filter is not a valid [`SubjectFilter`].
    #[track_caller]
    pub fn published<F>(&self, filter: F) -> Expectation
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        self.recorder.published(filter)
    }

    /// The dead letters that are there, up to 1,000.
    ///
    /// # Errors
    /// As [`DeadLetterStore::page`].
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn dead_letters(&self, dead_letters: &DeadLetters) -> Result<Vec<DeadLetter>> {
        DeadLetterStore::open(&self.client, dead_letters).await?.page(0, 1000).await
    }

    /// Stops the service, and waits until it has.
    ///
    /// # Errors
    /// What kept it from starting.
    ///
    /// # Cancel safety
    /// Dropped before completion, the service stops all the same.
    pub async fn stop(self) -> Result<Outcome> {
        self.worker.stop();
        self.task.await.map_err(panicked)?
    }
}

fn panicked(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Unexpected, "the worker of the service under test panicked").with_source(error)
}
