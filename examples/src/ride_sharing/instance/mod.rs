//! Competing instances of the services: each fetches from the durable consumers that it shares with the others,
//! handles what it gets, and settles it.

mod backoff;
mod faults;
mod handler;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use pubsub::{Client, Consumer, Delivery, Error, ErrorKind, FetchOptions, Result, Retry};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

pub(super) use backoff::delays;
pub(super) use faults::FaultKind;

use super::Options;
use super::provision::OpenRoute;
use super::publishing::Publishing;
use super::report::Progress;
use super::service::Services;
use faults::Faults;
use handler::Handler;

/// How many handlers of one route run at a time in one instance.
const PARALLEL: usize = 64;
/// How long one fetch waits for a message.
const EXPIRES: Duration = Duration::from_secs(5);
/// How many fetches in a row may fail before the instance gives up: with the delays between them, after about 7 s.
const FETCH_RETRIES: usize = 8;

/// All instances of all services.
#[derive(Debug)]
pub(super) struct Crew {
    instances: JoinSet<Result<()>>,
    stop: watch::Sender<bool>,
}

impl Crew {
    pub(super) async fn start(
        client: &Client,
        options: &Options,
        routes: &[OpenRoute],
        services: &Services,
        publishing: &Publishing,
        progress: &Arc<Progress>,
    ) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut instances = JoinSet::new();
        for open in routes {
            let handler = Arc::new(Handler {
                service: services.get(open.route.service),
                publishing: publishing.clone(),
                faults: Faults::new(options.faults, options.seed),
                tally: Arc::clone(&open.tally),
                progress: Arc::clone(progress),
                stop: stopped.clone(),
            });
            for _ in 0..options.instances {
                let consumer = client.consumer(open.stream.clone(), open.consumer.clone()).await?;
                instances.spawn(run(consumer, Arc::clone(&handler), stopped.clone()));
            }
        }
        Ok(Self { instances, stop })
    }

    /// Resolves with the first failure of an instance; never, if none fails.
    ///
    /// Cancel safety: dropped before completion, no failure is lost.
    pub(super) async fn failure(&mut self) -> Error {
        while let Some(ended) = self.instances.join_next().await {
            if let Err(error) = flatten(ended) {
                return error;
            }
        }
        pending().await
    }

    /// Stops the intake and waits for the handlers that run.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.stop.send_replace(true);
        while let Some(ended) = self.instances.join_next().await {
            flatten(ended)?;
        }
        Ok(())
    }
}

fn flatten(ended: Result<Result<()>, JoinError>) -> Result<()> {
    ended.unwrap_or_else(|panic| {
        Err(Error::new(ErrorKind::Unexpected, "an instance panicked").with_source(panic))
    })
}

/// Fetches no more than can be handled at once: a delivery that waited in a buffer behind hanging handlers would
/// lose its ack wait there, and an attempt with it.
async fn run(
    consumer: Arc<dyn Consumer>,
    handler: Arc<Handler>,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    let mut running = JoinSet::new();
    loop {
        // A handler that crashed is a task that panicked; its delivery comes again.
        while running.try_join_next().is_some() {}
        if running.len() >= PARALLEL {
            running.join_next().await;
            continue;
        }
        let free = PARALLEL - running.len();
        let batch = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            batch = fetch(consumer.as_ref(), free) => batch?,
        };
        for delivery in batch {
            let handler = Arc::clone(&handler);
            running.spawn(async move { handler.handle(delivery).await });
        }
    }
    while running.join_next().await.is_some() {}
    Ok(())
}

async fn fetch(consumer: &dyn Consumer, free: usize) -> Result<Vec<Delivery>> {
    let mut delays = delays().take(FETCH_RETRIES);
    loop {
        match consumer.fetch(FetchOptions::up_to(free).with_expires(EXPIRES)).await {
            Err(error) if error.retry() == Retry::Later => match delays.next() {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(error.with_retry(Retry::Exhausted)),
            },
            outcome => return outcome,
        }
    }
}
