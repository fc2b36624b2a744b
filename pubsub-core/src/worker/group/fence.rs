//! Sees to it that a partition's consumer serves nobody but its owner: [`Fence`].

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::Result;
use crate::admin::StreamAdmin;
use crate::name::{ConsumerName, StreamName};
use crate::worker::{WorkerHandle, WorkerPhase};

/// The first look comes so soon; each that follows after twice the time, up to the lease.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// The pin of one partition's consumer. The owner is the only one who may ask, but what an earlier one has asked for may
/// still be open at the broker: of a process that was cut off, or that lost its machine, until it expires.
pub(super) struct Fence {
    admin: Arc<dyn StreamAdmin>,
    stream: StreamName,
    consumer: ConsumerName,
    lease: Duration,
}

impl Fence {
    pub(super) fn new(
        admin: Arc<dyn StreamAdmin>,
        stream: StreamName,
        consumer: ConsumerName,
        lease: Duration,
    ) -> Self {
        Self { admin, stream, consumer, lease }
    }

    /// Ends the pin of whoever has it.
    pub(super) async fn raise(&self) -> Result<()> {
        self.admin.unpin_consumer(&self.stream, &self.consumer).await
    }

    /// The same for who comes next, and with what this member has asked for: when it returns, no request of the worker that
    /// has ended is open. Best effort: whoever takes over does it too.
    pub(super) async fn leave(&self) {
        if let Ok(Err(error)) = timeout(self.lease / 2, self.raise()).await {
            tracing::debug!(consumer = %self.consumer, %error, "a pin could not be given up");
        }
    }

    /// Resolves when somebody else is pinned; never once the owner has got something.
    pub(super) async fn broken(&self, worker: &WorkerHandle) {
        let mut pause = FIRST_LOOK.min(self.lease);
        loop {
            sleep(pause).await;
            if worker.status().phase == WorkerPhase::Idle {
                // It has not ended the pin of the one before.
                pause = FIRST_LOOK.min(self.lease);
                continue;
            }
            pause = (pause * 2).min(self.lease);
            if has_taken(worker) {
                return std::future::pending().await;
            }
            // Looked at again where it cannot be told.
            let info = self.admin.consumer_info(&self.stream, &self.consumer).await;
            if !info.is_ok_and(|info| info.pinned_since.is_some()) {
                continue;
            }
            // It may be this member, and its first delivery on its way.
            sleep(FIRST_LOOK).await;
            if !has_taken(worker) {
                return;
            }
        }
    }
}

fn has_taken(worker: &WorkerHandle) -> bool {
    worker.status().bindings.iter().any(|binding| binding.taken > 0)
}
