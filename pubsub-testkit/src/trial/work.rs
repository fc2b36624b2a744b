//! Workers in a case: [`Work`].

use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use pubsub_core::worker::{
    Binding, DeadLetter, DeadLetterStore, DeadLetters, Handler, Outcome, RetryPolicy, Router, Worker,
    WorkerHandle,
};
use pubsub_core::{
    Client, ConsumerConfig, ConsumerInfo, OutboundMessage, PublisherExt as _, StreamConfig, StreamName,
};
use tokio::task::JoinHandle;

use super::{TestConsumer, Trial};
use crate::check::{CaseResult, Failure};

/// The most dead letters that a case has.
const MOST_LETTERS: usize = 100;

/// A stream of work, a durable consumer of it for workers, and the dead letters beside it.
#[derive(Debug)]
pub(crate) struct Work<'t> {
    trial: &'t Trial,
    pub(crate) stream: StreamName,
    pub(crate) consumer: TestConsumer<'t>,
    dead_letters: DeadLetters,
}

impl Trial {
    /// Everything that a worker needs. Its messages are those of the subjects below the label `work`.
    pub(crate) async fn work(&self) -> CaseResult<Work<'_>> {
        self.work_in(self.stream_config("work", &["work.>"])?).await
    }

    /// The same in a stream of this configuration.
    pub(crate) async fn work_in(&self, config: StreamConfig) -> CaseResult<Work<'_>> {
        let stream = self.create_stream(config).await?;
        let dead_letters = DeadLetters::with_stream(self.stream_config("dead", &["dead.>"])?)?;
        self.create_stream(dead_letters.stream().clone()).await?;
        let config = self.consumer_config("worker")?.with_filter(self.filter("work.*")?)?;
        let consumer = self.create_consumer(&stream, config).await?;
        Ok(Work { trial: self, stream, consumer, dead_letters })
    }
}

impl<'t> Work<'t> {
    /// How long a failed message waits for its second attempt.
    pub(crate) fn delay(&self) -> Duration {
        self.trial.ack_wait() / 5
    }

    /// The pattern of the work's subjects, of which each ends with one token.
    pub(crate) fn pattern(&self) -> CaseResult<String> {
        Ok(format!("{}.{{name}}", self.trial.subject("work")?))
    }

    /// A router that takes all work to one handler, to which the last token of a subject is a [`Path`].
    ///
    /// [`Path`]: pubsub_core::worker::Path
    pub(crate) fn router<H, A>(&self, handler: H) -> CaseResult<Router>
    where
        H: Handler<A, ()>,
        A: 'static,
    {
        Ok(Router::new().route(&self.pattern()?, handler)?)
    }

    /// Dead letters are kept, and three attempts are made, soon after one another.
    pub(crate) fn binding(&self, router: Router) -> CaseResult<Binding> {
        Ok(self.binding_without_dead_letters(router)?.with_dead_letters(self.dead_letters.clone()))
    }

    /// The same for a consumer of one's own.
    pub(crate) fn binding_of(&self, consumer: ConsumerConfig, router: Router) -> CaseResult<Binding> {
        let binding = Binding::new(self.stream.clone(), consumer, router)?.with_retry(self.retry());
        Ok(binding.with_dead_letters(self.dead_letters.clone()))
    }

    /// The same without a word on what becomes of what is given up.
    pub(crate) fn binding_without_dead_letters(&self, router: Router) -> CaseResult<Binding> {
        let config = self.trial.consumer_config("worker")?.with_filter(self.trial.filter("work.*")?)?;
        Ok(Binding::new(self.stream.clone(), config, router)?.with_retry(self.retry()))
    }

    pub(crate) fn retry(&self) -> RetryPolicy {
        RetryPolicy::default().with_first_delay(self.delay()).without_jitter()
    }

    /// Runs a worker over the case's connection, beside the case.
    pub(crate) fn start(&self, binding: Binding) -> Running<'t> {
        self.start_worker(self.worker(binding))
    }

    pub(crate) fn worker(&self, binding: Binding) -> Worker {
        Worker::new(Client::new(Arc::clone(self.trial.broker()))).bind(binding)
    }

    pub(crate) fn start_worker(&self, worker: Worker) -> Running<'t> {
        let handle = worker.handle();
        Running { trial: self.trial, handle, task: tokio::spawn(worker.run()) }
    }

    pub(crate) fn message(&self, rest: &str, payload: impl Into<Bytes>) -> CaseResult<OutboundMessage> {
        self.trial.message(&format!("work.{rest}"), payload)
    }

    pub(crate) async fn publish(&self, rest: &str, payload: impl Into<Bytes>) -> CaseResult {
        drop(self.trial.publisher().publish_message(self.message(rest, payload)?).await?);
        Ok(())
    }

    /// Waits until everything has come and is settled.
    pub(crate) async fn is_settled(&self) -> CaseResult {
        // While a consumer is updated a server may say for a moment that nothing is left.
        let settled =
            |info: &ConsumerInfo| info.pending == 0 && info.ack_pending == 0 && info.delivered.stream > 0;
        self.consumer.eventually("all work is settled", settled).await
    }

    pub(crate) async fn letters(&self) -> CaseResult<DeadLetterStore> {
        Ok(DeadLetterStore::open(self.trial.broker().as_ref(), &self.dead_letters).await?)
    }

    /// What is among the dead letters.
    pub(crate) async fn dead_letters(&self) -> CaseResult<Vec<DeadLetter>> {
        Ok(self.letters().await?.page(0, MOST_LETTERS).await?)
    }

    /// The stream of the dead letters.
    pub(crate) fn dead_letter_stream(&self) -> &StreamConfig {
        self.dead_letters.stream()
    }
}

/// A worker under way. Dropped, it ends as a process that dies.
pub(crate) struct Running<'t> {
    trial: &'t Trial,
    pub(crate) handle: WorkerHandle,
    task: JoinHandle<pubsub_core::Result<Outcome>>,
}

impl Running<'_> {
    /// Tells it to stop, and waits for its end.
    pub(crate) async fn stop(mut self) -> CaseResult<Outcome> {
        self.handle.stop();
        self.ended().await
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ends(mut self) -> CaseResult<Outcome> {
        self.ended().await
    }

    async fn ended(&mut self) -> CaseResult<Outcome> {
        let ended = self.trial.in_time("the end of a worker", &mut self.task).await?;
        Ok(ended.map_err(|error| Failure::new(format!("the worker panicked: {error}")))??)
    }

    /// Ends it where it is.
    pub(crate) async fn dies(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Debug for Running<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("status", &self.handle.status()).finish_non_exhaustive()
    }
}

/// What handlers note for the case.
#[derive(Debug)]
pub(crate) struct Notes<T>(Arc<Mutex<Vec<T>>>);

impl<T> Notes<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn add(&self, note: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl<T: Clone> Notes<T> {
    pub(crate) fn all(&self) -> Vec<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<T> Clone for Notes<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
