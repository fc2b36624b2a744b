//! How many may pass in a time: [`Pace`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The generic cell rate algorithm, on tokio's clock: one instant, which says when the next place would be free if no place were ever
/// left unused. Waiters go in the order in which they came. (Why not `governor`: docs/decisions/0018.)
#[derive(Debug)]
pub(crate) struct Pace {
    each: Duration,
    /// How far the instant may be ahead of now: all but one of the places that may be taken at once.
    burst: Duration,
    next: Mutex<Option<Instant>>,
}

/// Longer than anybody waits; a pace further ahead goes no further, so that no instant overflows.
const FARTHEST: Duration = Duration::from_secs(365 * 24 * 3600);

impl Pace {
    /// `rate` places in each `per`, up to `burst` of them at once (at least 1 each).
    pub(crate) fn new(rate: u32, per: Duration, burst: u32) -> Self {
        let each = per / rate.max(1);
        Self { each, burst: each.saturating_mul(burst.max(1) - 1), next: Mutex::default() }
    }

    /// Takes so many places and says how long to wait for the first, unless that is longer than `most`: then the wait is the
    /// error and nothing is taken. More places than a burst are taken as a debt, for which those that come later wait.
    pub(crate) fn take(&self, places: usize, most: Duration) -> Result<Duration, Duration> {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now));
        let wait = ahead.saturating_sub(self.burst);
        if wait > most {
            return Err(wait);
        }
        let taken = self.each.saturating_mul(u32::try_from(places).unwrap_or(u32::MAX));
        *next = Some(now + ahead.saturating_add(taken).min(FARTHEST));
        Ok(wait)
    }

    /// How long to wait for a place.
    pub(crate) fn wait(&self) -> Duration {
        self.take(0, Duration::MAX).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HALF: Duration = Duration::from_millis(500);

    #[tokio::test(start_paused = true)]
    async fn a_burst_at_once_and_then_one_after_the_other() {
        let pace = Pace::new(2, SECOND, 3);
        let waits: Vec<_> = (0..5).map(|_| pace.take(1, SECOND)).collect();
        assert_eq!(waits, [Ok(Duration::ZERO), Ok(Duration::ZERO), Ok(Duration::ZERO), Ok(HALF), Ok(SECOND)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_wait_too_long_takes_nothing() {
        let pace = Pace::new(1, SECOND, 1);
        assert_eq!(pace.take(1, HALF), Ok(Duration::ZERO));
        assert_eq!(pace.take(1, HALF), Err(SECOND));
        tokio::time::advance(HALF).await;
        assert_eq!(pace.take(1, HALF), Ok(HALF));
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_a_burst_is_a_debt() {
        let pace = Pace::new(2, SECOND, 2);
        assert_eq!(pace.take(10, Duration::ZERO), Ok(Duration::ZERO));
        assert_eq!(pace.wait(), HALF * 9);
    }

    #[tokio::test(start_paused = true)]
    async fn no_time_is_too_long() {
        let pace = Pace::new(1, Duration::MAX, u32::MAX);
        for _ in 0..3 {
            let _ = pace.take(usize::MAX, Duration::MAX);
        }
        assert!(pace.wait() <= FARTHEST);
    }
}
