//! What this process lost sight of: counts that should stay at zero.

use std::sync::atomic::{AtomicU64, Ordering};

static ABANDONED_DELIVERIES: AtomicU64 = AtomicU64::new(0);
static UNOBSERVED_PUBLISH_FAILURES: AtomicU64 = AtomicU64::new(0);

/// How many deliveries this process dropped without settling them. Each comes again after its ack wait.
#[must_use]
pub fn abandoned_deliveries() -> u64 {
    ABANDONED_DELIVERIES.load(Ordering::Relaxed)
}

/// How many publishes failed after their [`PendingReceipt`](crate::PendingReceipt) had been dropped.
#[must_use]
pub fn unobserved_publish_failures() -> u64 {
    UNOBSERVED_PUBLISH_FAILURES.load(Ordering::Relaxed)
}

pub(crate) fn count_abandoned_delivery() {
    ABANDONED_DELIVERIES.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn count_unobserved_publish_failure(error: &crate::Error) {
    UNOBSERVED_PUBLISH_FAILURES.fetch_add(1, Ordering::Relaxed);
    tracing::warn!(%error, "a publish failed and nobody waited for its receipt");
}
