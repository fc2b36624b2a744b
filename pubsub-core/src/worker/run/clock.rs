//! The broker's time, as far as a worker can tell: [`Clock`].

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// An instant in the future, however long the span that a caller gave.
pub(in crate::worker) fn after(now: Instant, span: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    now.checked_add(span).unwrap_or_else(|| now + FAR)
}

/// The wall clock read once, and tokio's time since: under virtual time it moves with the memory backend's.
#[derive(Debug)]
pub(super) struct Clock {
    wall: SystemTime,
    since: Instant,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { wall: SystemTime::now(), since: Instant::now() }
    }

    /// A message that was stored later than now shows that the broker's clock is ahead of this one.
    pub(super) fn saw(&mut self, stored: SystemTime, now: Instant) {
        if let Ok(ahead) = stored.duration_since(self.at(now)) {
            self.wall = self.wall.checked_add(ahead).unwrap_or(self.wall);
        }
    }

    pub(super) fn age(&self, stored: SystemTime) -> Duration {
        self.at(Instant::now()).duration_since(stored).unwrap_or_default()
    }

    fn at(&self, now: Instant) -> SystemTime {
        self.wall + now.duration_since(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_follows_tokios_time_and_a_broker_that_is_ahead() {
        let mut clock = Clock::new();
        let stored = clock.wall + Duration::from_secs(60);
        clock.saw(stored, Instant::now());
        assert_eq!(clock.age(stored), Duration::ZERO);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock.age(stored), Duration::from_secs(5));
    }
}
