//! What has gone over the wire: [`ProxyCounts`]; and after how many bytes it is cut.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::conditions::{Direction, Way, Ways, each};

/// What has gone over the wire of a [`FaultProxy`](super::FaultProxy).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyCounts {
    /// The connections that were taken, those that were refused not included.
    pub connections: u64,
    /// Those of them that are open now, the half open ones included.
    pub open: u64,
    /// The connections that the proxy has reset or refused.
    pub resets: u64,
    /// The bytes that reached the server.
    pub bytes_to_server: u64,
    /// The bytes that reached the client.
    pub bytes_to_client: u64,
}

/// Counts and cuts, which all connections share.
#[derive(Debug, Default)]
pub(super) struct Wire {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    counts: ProxyCounts,
    /// The bytes that may still go, where a cut is to come.
    left: Ways<Option<u64>>,
}

/// How many bytes of a chunk may go, and whether the connection is cut then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    pub(super) bytes: usize,
    pub(super) cut: bool,
}

impl Wire {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counts(&self) -> ProxyCounts {
        self.inner().counts
    }

    pub(super) fn opened(&self) {
        let counts = &mut self.inner().counts;
        counts.connections += 1;
        counts.open += 1;
    }

    pub(super) fn closed(&self) {
        self.inner().counts.open -= 1;
    }

    pub(super) fn reset(&self) {
        self.inner().counts.resets += 1;
    }

    pub(super) fn passed(&self, way: Way, bytes: u64) {
        let counts = &mut self.inner().counts;
        match way {
            Way::ToServer => counts.bytes_to_server += bytes,
            Way::ToClient => counts.bytes_to_client += bytes,
        }
    }

    pub(super) fn cut_after(&self, direction: Direction, bytes: u64) {
        each(&mut self.inner().left, direction, Some(bytes));
    }

    pub(super) fn cut_never(&self) {
        self.inner().left = Ways::default();
    }

    /// Takes a chunk of this length into account.
    pub(super) fn allow(&self, way: Way, length: usize) -> Allowance {
        let mut inner = self.inner();
        let left = inner.left.get_mut(way);
        match left.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)) {
            Some(bytes) if bytes <= length => {
                *left = None;
                Allowance { bytes, cut: true }
            }
            Some(bytes) => {
                *left = u64::try_from(bytes - length).ok();
                Allowance { bytes: length, cut: false }
            }
            None => Allowance { bytes: length, cut: false },
        }
    }
}
