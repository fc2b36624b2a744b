//! What tells a worker to stop or to pause, and asks it how it does: [`WorkerHandle`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::status::{BindingStatus, WorkerPhase, WorkerStatus};

/// Stops, pauses and resumes a worker, and tells how it does: from elsewhere ([`Worker::handle`](super::Worker::handle)),
/// or from inside, since it is an argument that a handler may have. Clones are the same worker's.
///
/// ```
/// use pubsub_core::worker::{Router, WorkerHandle};
///
/// async fn last_order(worker: WorkerHandle) {
///     worker.stop(); // what is being handled is finished, this one included
/// }
///
/// let router: Router = Router::new().route("kitchen.closed", last_order)?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WorkerHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    orders: watch::Sender<Orders>,
    status: Mutex<WorkerStatus>,
}

/// What a worker is told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Orders {
    pub(crate) stop: bool,
    pub(crate) pause: bool,
}

impl WorkerHandle {
    pub(crate) fn new() -> Self {
        let status = Mutex::new(WorkerStatus::default());
        Self { shared: Arc::new(Shared { orders: watch::Sender::default(), status }) }
    }

    /// Tells the worker to stop. It finishes what it has begun.
    pub fn stop(&self) {
        self.shared.orders.send_modify(|orders| orders.stop = true);
    }

    /// Takes no more messages until [`resume`](Self::resume). What was taken is handled.
    ///
    /// Nobody asks its consumers for messages meanwhile: an ephemeral one, which the broker deletes after 5 s of that, or
    /// one with an `inactive_threshold` is gone after it, and the worker ends with `NotFound`. A warning in the log says so.
    pub fn pause(&self) {
        self.shared.orders.send_modify(|orders| orders.pause = true);
    }

    /// Takes messages again.
    pub fn resume(&self) {
        self.shared.orders.send_modify(|orders| orders.pause = false);
    }

    /// Whether the worker is stopping, or has stopped.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.shared.orders.borrow().stop
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.shared.orders.borrow().pause
    }

    /// Waits until the worker is stopping, so that a long handler may end early, with a retry.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn stopping(&self) {
        // The sender is held here, so that waiting cannot fail.
        let _ = self.shared.orders.subscribe().wait_for(|orders| orders.stop).await;
    }

    /// How the worker does now.
    #[must_use]
    pub fn status(&self) -> WorkerStatus {
        let mut status = self.status_mut().clone();
        if status.phase == WorkerPhase::Running {
            let orders = *self.shared.orders.borrow();
            status.phase = match orders {
                Orders { stop: true, .. } => WorkerPhase::Stopping,
                Orders { pause: true, .. } => WorkerPhase::Paused,
                Orders { .. } => WorkerPhase::Running,
            };
        }
        status
    }

    pub(crate) fn orders(&self) -> watch::Receiver<Orders> {
        self.shared.orders.subscribe()
    }

    pub(crate) fn set_phase(&self, phase: WorkerPhase) {
        self.status_mut().phase = phase;
    }

    /// Adds a binding; returns where it reports.
    pub(crate) fn add(&self, binding: BindingStatus) -> usize {
        let mut status = self.status_mut();
        status.bindings.push(binding);
        status.bindings.len() - 1
    }

    pub(crate) fn report(&self, place: usize, change: impl FnOnce(&mut BindingStatus)) {
        if let Some(binding) = self.status_mut().bindings.get_mut(place) {
            change(binding);
        }
    }

    fn status_mut(&self) -> MutexGuard<'_, WorkerStatus> {
        self.shared.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_show_in_the_status() {
        let worker = WorkerHandle::new();
        assert_eq!(worker.status().phase, WorkerPhase::Idle);
        worker.set_phase(WorkerPhase::Running);
        worker.pause();
        assert_eq!(worker.status().phase, WorkerPhase::Paused);
        worker.resume();
        assert!(worker.status().is_ready());
        worker.stop();
        assert!(!worker.status().is_ready() && worker.status().is_alive() && worker.is_stopping());
    }
}
