//! What a consumer allows of one pull: [`PullLimits`].

use std::time::Duration;

use crate::api::wire::ConsumerSettings;

/// The most messages and the longest time of one pull; a pull beyond them would be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PullLimits {
    batch: Option<usize>,
    expires: Option<Duration>,
}

impl PullLimits {
    pub(super) fn of(settings: &ConsumerSettings) -> Self {
        Self {
            batch: Some(settings.max_batch).filter(|batch| *batch > 0),
            expires: Some(settings.max_expires)
                .filter(|nanos| *nanos > 0)
                .map(Duration::from_nanos),
        }
    }

    pub(super) fn batch(self, wanted: usize) -> usize {
        self.batch.map_or(wanted, |most| wanted.min(most))
    }

    pub(super) fn expires(self, wanted: Duration) -> Duration {
        self.expires.map_or(wanted, |most| wanted.min(most))
    }
}
