//! How fast messages are published: [`Pace`].

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// By how much it may be behind and make up for it: sleeping is exact to a millisecond only.
const LAG: Duration = Duration::from_millis(100);

/// The most messages in a second, evenly.
pub(super) struct Pace {
    between: Option<Duration>,
    due: Instant,
}

impl Pace {
    pub(super) fn new(rate: Option<f64>) -> Self {
        let between = rate.map(|rate| Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX));
        Self { between, due: Instant::now() }
    }

    /// Until the next message is due.
    pub(super) async fn wait(&self) {
        if self.between.is_some() {
            sleep_until(self.due).await;
        }
    }

    /// One message was taken.
    pub(super) fn count(&mut self) {
        let Some(between) = self.between else { return };
        let now = Instant::now();
        let due = self.due.max(now.checked_sub(LAG).unwrap_or(now));
        self.due = due.checked_add(between).unwrap_or_else(|| now + Duration::from_secs(365 * 86_400));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn messages_are_spread_evenly_and_without_a_rate_not_at_all() {
        let (mut pace, began) = (Pace::new(Some(10.0)), Instant::now());
        for _ in 0..5 {
            pace.wait().await;
            pace.count();
        }
        assert_eq!(began.elapsed(), Duration::from_millis(400));
        let mut pace = Pace::new(None);
        pace.count();
        pace.wait().await;
        assert_eq!(began.elapsed(), Duration::from_millis(400));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_near_nothing_waits_long_and_does_not_panic() {
        let (mut pace, began) = (Pace::new(Some(1e-300)), Instant::now());
        pace.wait().await;
        pace.count();
        pace.wait().await;
        assert!(began.elapsed() >= Duration::from_secs(365 * 86_400));
    }
}
