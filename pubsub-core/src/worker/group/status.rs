//! What stops a member of a group and tells how it does: [`GroupHandle`], [`GroupStatus`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

/// Stops one member of a [`ConsumerGroup`](super::ConsumerGroup) from elsewhere, and tells how it does. Clones are
/// the same member's.
#[derive(Debug, Clone, Default)]
pub struct GroupHandle {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: watch::Sender<bool>,
    status: Mutex<GroupStatus>,
}

/// How a member of a group does. It serialises.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GroupStatus {
    /// Whether the others know of it: before it does not take part, and after it lost the broker for too long.
    pub is_member: bool,
    /// How many members share the partitions, as far as it knows, itself included.
    pub members: usize,
    /// The partitions that it handles, in their order; those too that it is about to give up.
    pub partitions: Vec<u32>,
    /// How often it lost its partitions since it was out of reach of the broker.
    pub lost: u64,
}

impl GroupHandle {
    /// Tells the member to stop: it finishes what it has begun, and gives its partitions to the others.
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
    }

    /// How it does now.
    #[must_use]
    pub fn status(&self) -> GroupStatus {
        self.status_mut().clone()
    }

    pub(super) fn orders(&self) -> watch::Receiver<bool> {
        self.shared.stop.subscribe()
    }

    pub(super) fn report(&self, change: impl FnOnce(&mut GroupStatus)) {
        change(&mut self.status_mut());
    }

    fn status_mut(&self) -> MutexGuard<'_, GroupStatus> {
        self.shared.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
