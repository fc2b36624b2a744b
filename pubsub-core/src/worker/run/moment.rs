//! What time it is, to a millisecond: [`Moment`].

use std::time::{Duration, Instant as Clock};

use tokio::time::Instant;

/// Tokio's time, to a millisecond, and how long a handler ran, by the clock of the machine. That clock is read once for each of the
/// handlers that end at once: several readings of it take longer than a short handler does.
#[derive(Debug)]
pub(super) struct Moment {
    now: Instant,
    /// When `now` was read, by the clock of the machine.
    read: Clock,
    /// When that clock was read last.
    seen: Clock,
    /// Whether nothing worth the name was done since.
    is_fresh: bool,
}

impl Moment {
    const STALE: Duration = Duration::from_millis(1);

    pub(super) fn new() -> Self {
        let read = Clock::now();
        Self { now: Instant::now(), read, seen: read, is_fresh: true }
    }

    /// Reads both clocks: somebody has waited.
    pub(super) fn refresh(&mut self) {
        *self = Self::new();
    }

    /// Tokio's time, at most a millisecond ago.
    pub(super) fn now(&self) -> Instant {
        self.now
    }

    /// Something was done that is no part of the next handler's time.
    pub(super) fn worked(&mut self) {
        self.is_fresh = false;
    }

    /// A handler begins.
    pub(super) fn start(&mut self) {
        if !self.is_fresh {
            self.look();
        }
    }

    /// How long it has run.
    pub(super) fn lap(&mut self) -> Duration {
        let before = self.seen;
        self.look();
        self.seen.duration_since(before)
    }

    fn look(&mut self) {
        (self.seen, self.is_fresh) = (Clock::now(), true);
        if self.seen.duration_since(self.read) >= Self::STALE {
            (self.now, self.read) = (Instant::now(), self.seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    #[expect(clippy::disallowed_methods, reason = "tokio's time is paused, and the machine's passes")]
    async fn it_follows_both_clocks() {
        let mut moment = Moment::new();
        let before = moment.now();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(moment.now(), before, "nobody has looked");
        std::thread::sleep(Moment::STALE);
        assert!(moment.lap() >= Moment::STALE);
        assert_eq!(moment.now(), before + Duration::from_secs(5));
        tokio::time::advance(Duration::from_secs(5)).await;
        moment.refresh();
        assert_eq!(moment.now(), before + Duration::from_secs(10));
    }

    #[test]
    fn what_was_done_between_two_handlers_is_no_part_of_the_second() {
        const LONG: Duration = Duration::from_secs(1);
        let mut moment = Moment::new();
        moment.seen -= LONG;
        moment.start();
        assert!(moment.lap() >= LONG, "nothing was done");
        moment.seen -= LONG;
        moment.worked();
        moment.start();
        assert!(moment.lap() < LONG);
    }
}
