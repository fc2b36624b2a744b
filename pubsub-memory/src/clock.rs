//! Time: tokio's, and the wall clock that moves with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        Self::starting_at(SystemTime::now())
    }

    /// As if the wall clock showed this time.
    pub(crate) fn starting_at(wall: SystemTime) -> Self {
        Self { origin: Instant::now(), wall }
    }

    /// The instant at which the wall clock has this time; now if that is not in the future.
    pub(crate) fn instant(&self, wall: SystemTime, now: Instant) -> Instant {
        let ahead = wall.duration_since(self.wall(now)).unwrap_or_default();
        after(now, ahead)
    }

    /// The wall clock's time at an instant.
    pub(crate) fn wall(&self, at: Instant) -> SystemTime {
        let wall = match at.checked_duration_since(self.origin) {
            Some(since) => self.wall.checked_add(since),
            // Only after a restart.
            None => self.wall.checked_sub(self.origin.saturating_duration_since(at)),
        };
        wall.unwrap_or(self.wall)
    }

    /// The wall clock's time at an instant, in nanoseconds since 1970.
    pub(crate) fn nanos(&self, at: Instant) -> u64 {
        Self::nanos_of(self.wall(at))
    }

    pub(crate) fn nanos_of(time: SystemTime) -> u64 {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn time_of(nanos: u64) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_nanos(nanos)).unwrap_or(UNIX_EPOCH)
    }

    /// The instant at which the wall clock had, or has, this time. Where an instant cannot be so long ago, it is the start:
    /// what was to end by age then ends later, and nothing is lost.
    pub(crate) fn at(&self, nanos: u64) -> Instant {
        match Self::time_of(nanos).duration_since(self.wall) {
            Ok(ahead) => after(self.origin, ahead),
            Err(behind) => self.origin.checked_sub(behind.duration()).unwrap_or(self.origin),
        }
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

    #[tokio::test(start_paused = true)]
    async fn an_instant_comes_back_from_its_wall_time() {
        let clock = Clock::start();
        tokio::time::advance(Duration::from_secs(10)).await;
        let before = Instant::now();
        let later = Clock::starting_at(clock.wall(before) + Duration::from_secs(5));
        for at in [before, before + Duration::from_secs(60)] {
            let again = later.at(clock.nanos(at));
            assert_eq!(later.wall(again), clock.wall(at));
            assert_eq!(at - again, Duration::from_secs(5));
        }
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
