//! How many handlers may run at once: [`Places`].

use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::time::Instant;

/// Between two bounds, by the lag: twice as many when more messages are to come than there are places, a quarter fewer
/// when none are, and then not again at once.
#[derive(Debug)]
pub(super) struct Places {
    least: usize,
    most: usize,
    now: usize,
    changed: Instant,
}

impl Places {
    /// For so long after a change there is no further one: what it brings shows in the lag only after a while.
    const SETTLING: Duration = Duration::from_millis(500);

    pub(super) fn new(bounds: &RangeInclusive<usize>) -> Self {
        let (least, most) = (*bounds.start(), *bounds.end());
        Self { least, most, now: least, changed: Instant::now() }
    }

    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// `lag` messages have not been delivered yet.
    pub(super) fn saw(&mut self, lag: u64) {
        if self.least == self.most || self.changed.elapsed() < Self::SETTLING {
            return;
        }
        let next = match usize::try_from(lag).unwrap_or(usize::MAX) {
            0 => self.now - self.now.div_ceil(4),
            lag if lag > self.now => self.now.saturating_mul(2),
            _ => return,
        };
        let next = next.clamp(self.least, self.most);
        if next != self.now {
            tracing::debug!(lag, from = self.now, to = next, "a worker changes its concurrency");
            (self.now, self.changed) = (next, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    async fn after(places: &mut Places, lags: &[u64]) -> Vec<usize> {
        let mut seen = Vec::new();
        for lag in lags {
            advance(Places::SETTLING).await;
            places.saw(*lag);
            seen.push(places.now());
        }
        seen
    }

    #[tokio::test(start_paused = true)]
    async fn they_grow_with_the_lag_and_shrink_without() {
        let mut places = Places::new(&(2..=12));
        assert_eq!(after(&mut places, &[1_000, 1_000, 1_000, 1_000]).await, [4, 8, 12, 12]);
        assert_eq!(after(&mut places, &[5, 0, 0, 0, 0, 0]).await, [12, 9, 6, 4, 3, 2]);
        assert_eq!(after(&mut places, &[0, 2, 3]).await, [2, 2, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_given_time() {
        let mut places = Places::new(&(1..=64));
        advance(Places::SETTLING).await;
        for _ in 0..10 {
            places.saw(1_000);
        }
        assert_eq!(places.now(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_fixed_stays() {
        assert_eq!(after(&mut Places::new(&(8..=8)), &[1_000, 0]).await, [8, 8]);
    }
}
