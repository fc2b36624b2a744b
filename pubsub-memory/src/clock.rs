//! Time: tokio's, and the wall clock that moves with it.

use std::time::{Duration, SystemTime};

use pubsub_core::config::timestamp;
use tokio::time::Instant;

/// What stands for "never" where an instant cannot be computed: about 30 years.
const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);

/// The wall clock as it was once, and tokio's time since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
    wall: SystemTime,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now(), wall: SystemTime::now() }
    }

    /// The instant at which the wall clock has this time; now if that is not in the future.
    pub(crate) fn instant(&self, wall: SystemTime, now: Instant) -> Instant {
        let ahead = wall.duration_since(self.wall(now)).unwrap_or_default();
        after(now, ahead)
    }

    /// The wall clock's time at an instant.
    pub(crate) fn wall(&self, at: Instant) -> SystemTime {
        let since = at.saturating_duration_since(self.origin);
        self.wall.checked_add(since).unwrap_or(self.wall)
    }

    /// The wall clock's time at an instant as a server writes it: RFC 3339 in UTC, without zeros at its end.
    pub(crate) fn text(&self, at: Instant) -> String {
        let text = timestamp::format(self.wall(at)).unwrap_or_default();
        match text.strip_suffix('Z') {
            Some(digits) if digits.contains('.') => format!("{}Z", digits.trim_end_matches('0')),
            _ => text,
        }
    }
}

/// An instant in the future, however long the span that a caller gave.
pub(crate) fn after(now: Instant, span: Duration) -> Instant {
    now.checked_add(span).unwrap_or_else(|| now + FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_wall_clock_moves_with_tokio_time() {
        let clock = Clock::start();
        let before = clock.wall(Instant::now());
        tokio::time::advance(Duration::from_secs(7 * 86_400)).await;
        let passed = clock.wall(Instant::now()).duration_since(before).unwrap();
        assert_eq!(passed, Duration::from_secs(7 * 86_400));
    }

    #[test]
    fn wall_and_instant_are_each_others_inverse() {
        let clock = Clock::start();
        let at = clock.origin + Duration::from_millis(1_234_567);
        assert_eq!(clock.instant(clock.wall(at), clock.origin), at);
        assert_eq!(clock.instant(SystemTime::UNIX_EPOCH, at), at);
    }

    #[test]
    fn times_are_written_without_zeros_at_their_end() {
        let origin = Instant::now();
        let clock = |nanos| Clock { origin, wall: SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos) };
        assert_eq!(clock(0).text(origin), "1970-01-01T00:00:00Z");
        assert_eq!(clock(10_000_000).text(origin), "1970-01-01T00:00:00.01Z");
        assert_eq!(clock(1_000_000_100).text(origin), "1970-01-01T00:00:01.0000001Z");
    }

    #[test]
    fn no_span_is_too_long() {
        let now = Instant::now();
        assert!(after(now, Duration::MAX) > now);
    }
}
