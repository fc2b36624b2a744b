//! Whether a service has nothing left to do at present.

use std::time::Duration;

use pubsub_core::worker::{WorkerHandle, WorkerStatus};
use pubsub_core::{Client, Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

/// The time between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(10);

/// What two looks in a row must agree on.
#[derive(PartialEq)]
struct Look {
    status: WorkerStatus,
    /// Of each consumer: how many were delivered, and how many are not settled.
    consumers: Vec<(u64, u64)>,
}

pub(super) async fn wait(client: &Client, worker: &WorkerHandle, patience: Duration) -> Result<()> {
    let deadline = Instant::now() + patience;
    let mut last = None;
    loop {
        let look = look(client, worker).await?;
        if look.is_some() && look == last {
            return Ok(());
        }
        last = look;
        if Instant::now() >= deadline {
            let status = worker.status();
            let message = "the service under test did not become quiet in time";
            return Err(Error::new(ErrorKind::Timeout, message)
                .with_context("status", format!("{status:?}"))
                .with_remedy("look for a handler that does not end, or give more patience"));
        }
        sleep(LOOK).await;
    }
}

/// `None` if it is busy.
async fn look(client: &Client, worker: &WorkerHandle) -> Result<Option<Look>> {
    let (admin, status) = (client.admin()?, worker.status());
    let mut consumers = Vec::with_capacity(status.bindings.len());
    for binding in &status.bindings {
        if binding.running + binding.queued + binding.keeping > 0 {
            return Ok(None);
        }
        if !status.is_ready() {
            continue;
        }
        let info = admin.consumer_info(&binding.stream, &binding.consumer).await?;
        if info.pending > 0 {
            return Ok(None);
        }
        consumers.push((info.delivered.consumer, info.ack_pending));
    }
    Ok(Some(Look { status, consumers }))
}
