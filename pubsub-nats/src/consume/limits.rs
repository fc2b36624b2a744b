//! What a consumer allows of one pull: [`PullLimits`].

use std::time::Duration;

use tokio::time::Instant;

use crate::api::wire::ConsumerSettings;

/// How long limits that bind are believed: someone may have raised them.
const FRESH: Duration = Duration::from_secs(10);

/// The most messages and bytes and the longest time of one pull, as the server told them last.
#[derive(Debug, Clone, Copy)]
pub(super) struct PullLimits {
    /// More would be refused.
    batch: Option<usize>,
    /// More would be refused.
    bytes: Option<u64>,
    /// More can never be on their way, so to ask for more only leaves a request open.
    ack_pending: Option<usize>,
    /// Longer would be refused.
    expires: Option<Duration>,
    /// How long a delivery may take.
    pub(super) ack_wait: Option<Duration>,
    told: Instant,
}

impl PullLimits {
    pub(super) fn of(settings: &ConsumerSettings) -> Self {
        Self {
            batch: Some(settings.max_batch).filter(|batch| *batch > 0),
            bytes: u64::try_from(settings.max_bytes).ok().filter(|bytes| *bytes > 0),
            ack_pending: settings.max_ack_pending().and_then(|pending| usize::try_from(pending).ok()),
            expires: Some(settings.max_expires).filter(|nanos| *nanos > 0).map(Duration::from_nanos),
            ack_wait: settings.ack_wait(),
            told: Instant::now(),
        }
    }

    pub(super) fn batch(self, wanted: usize) -> usize {
        [self.batch, self.ack_pending].into_iter().flatten().fold(wanted, usize::min)
    }

    pub(super) fn bytes(self, wanted: u64) -> u64 {
        self.bytes.map_or(wanted, |most| wanted.min(most))
    }

    pub(super) fn expires(self, wanted: Duration) -> Duration {
        self.expires.map_or(wanted, |most| wanted.min(most))
    }

    /// Whether fewer messages are asked for than wanted because of what the server told long ago.
    pub(super) fn are_stale(self, wanted: usize) -> bool {
        self.batch(wanted) < wanted && self.told.elapsed() >= FRESH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(json: &str) -> PullLimits {
        PullLimits::of(&serde_json::from_str(json).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_smallest_limit_binds_and_is_asked_for_again() {
        let limits =
            limits(r#"{"max_batch": 50, "max_ack_pending": 3, "max_expires": 1000000000, "max_bytes": 9}"#);
        assert_eq!((limits.batch(100), limits.bytes(100)), (3, 9));
        assert_eq!(limits.expires(Duration::from_secs(30)), Duration::from_secs(1));
        assert!(!limits.are_stale(100));
        tokio::time::advance(FRESH).await;
        assert!(limits.are_stale(100) && !limits.are_stale(3));
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_nothing_binds() {
        let limits = limits(r#"{"max_ack_pending": -1}"#);
        assert_eq!((limits.batch(10_000), limits.bytes(100)), (10_000, 100));
        assert_eq!(limits.expires(Duration::from_secs(30)), Duration::from_secs(30));
    }
}
