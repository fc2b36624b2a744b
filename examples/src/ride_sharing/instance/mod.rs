//! Competing instances of the services: workers that share the durable consumers.

mod faults;

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use pubsub::worker::{
    Binding, DeadLetters, Ending, Failure, Outcome, RetryPolicy, Router, Settled, State, Worker, WorkerHandle,
};
use pubsub::{Client, ConsumerName, Error, ErrorKind, OutboundMessage, Result};
use tokio::task::{JoinError, JoinSet};

pub(super) use faults::FaultKind;

use super::Options;
use super::provision::OpenRoute;
use super::report::{Progress, RouteTally};
use super::service::{Event, Service, Services};
use super::topology::{DEAD_LETTERS, MAX_ATTEMPTS};
use faults::Faults;

/// How many handlers of one route run at a time in one instance.
const PARALLEL: usize = 64;
/// For how long an attempt may run. Short, because every hang on purpose costs it, and not shorter because a busy
/// machine must not look like a hanging handler.
const DEADLINE: Duration = Duration::from_secs(2);

/// What follows is stored before the event is acknowledged: see the service module.
async fn handle(
    event: Event,
    State(service): State<Arc<dyn Service>>,
) -> Result<Option<OutboundMessage>, Failure> {
    service.keep(&event);
    Ok(service.publishes(&event).map(|follow_up| follow_up.message()).transpose()?)
}

/// Without jitter, so that a run can be repeated; a service with many instances should leave it in.
fn retry() -> RetryPolicy {
    RetryPolicy::default()
        .with_attempts(MAX_ATTEMPTS)
        .with_first_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(2))
        .without_jitter()
}

/// One instance of every service.
fn instance(
    client: &Client,
    options: &Options,
    routes: &[OpenRoute],
    services: &Services,
    progress: &Arc<Progress>,
) -> Result<Worker> {
    let mut worker = Worker::new(client.clone());
    for open in routes {
        let faults = Faults::new(options.faults, options.seed, Arc::clone(&open.tally));
        let router = Router::new()
            .route(open.route.subject, handle)?
            .layer(faults)
            .with_state(services.get(open.route.service));
        let binding = Binding::new(open.stream.clone(), open.route.config()?, router)?
            .with_concurrency(PARALLEL)
            .with_deadline(DEADLINE)
            .with_retry(retry())
            .with_dead_letters(DeadLetters::in_stream(DEAD_LETTERS)?);
        worker = worker.bind(binding);
    }
    let tallies: HashMap<ConsumerName, Arc<RouteTally>> =
        routes.iter().map(|open| (open.consumer.clone(), Arc::clone(&open.tally))).collect();
    let progress = Arc::clone(progress);
    Ok(worker.after_settle(move |settled| {
        if let Some(tally) = tallies.get(&settled.info.consumer) {
            count(settled, tally, &progress);
        }
    }))
}

fn count(settled: &Settled, tally: &RouteTally, progress: &Progress) {
    tally.delivered(settled.info.is_redelivery());
    if settled.ending == Ending::Done {
        tally.acked(Event::id_of(&settled.headers, &settled.info));
        progress.acked();
    }
}

/// All instances of all services.
#[derive(Debug)]
pub(super) struct Crew {
    workers: JoinSet<Result<Outcome>>,
    handles: Vec<WorkerHandle>,
}

impl Crew {
    pub(super) fn start(
        client: &Client,
        options: &Options,
        routes: &[OpenRoute],
        services: &Services,
        progress: &Arc<Progress>,
    ) -> Result<Self> {
        let (mut workers, mut handles) = (JoinSet::new(), Vec::new());
        for _ in 0..options.instances {
            let worker = instance(client, options, routes, services, progress)?;
            handles.push(worker.handle());
            workers.spawn(worker.run());
        }
        Ok(Self { workers, handles })
    }

    /// Resolves with the first failure of an instance; never, if none fails.
    ///
    /// Cancel safety: dropped before completion, no failure is lost.
    pub(super) async fn failure(&mut self) -> Error {
        while let Some(ended) = self.workers.join_next().await {
            if let Err(error) = outcome(ended) {
                return error;
            }
        }
        pending().await
    }

    /// Stops the instances, and says how many settlements failed.
    pub(super) async fn stop(mut self) -> Result<u64> {
        self.handles.iter().for_each(WorkerHandle::stop);
        let mut unsettled = 0;
        while let Some(ended) = self.workers.join_next().await {
            unsettled += outcome(ended)?.unsettled;
        }
        Ok(unsettled)
    }
}

fn outcome(ended: Result<Result<Outcome>, JoinError>) -> Result<Outcome> {
    let ended = ended
        .map_err(|panic| Error::new(ErrorKind::Unexpected, "an instance panicked").with_source(panic))?;
    ended?.into_result()
}
