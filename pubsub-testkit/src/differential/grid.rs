//! The grid of time on which both sides act.
//!
//! ```text
//!    point p     spans end here    their like                          point p + 1
//!    |# burst .. |300 ######## 550|600 ######## 850| .................... 1500 ms|
//! ```
//! What begins in a burst and lasts n ticks and 300 ms ends between 300 and 550 ms after a point, where no burst is. What a
//! waiting fetch received there begins anew and ends between 600 and 850 ms after a point.
//!
//! A broker's own seconds matter too: some spans are whole seconds (times to live), and some events happen at the full
//! second of its wall clock (schedules that recur). A tick is one and a half seconds, and the first point is 300 ms before
//! a full second. So a full second is 300, 800 or 1,300 ms after a point, and two seconds end 500 ms later than they began.

use std::time::{Duration, SystemTime};

/// From one point of the grid to the next.
pub(super) const TICK: Duration = Duration::from_millis(1500);

/// No operation begins later than this after its point; what is left then happens at the next point.
pub(super) const CALM: Duration = Duration::from_millis(120);

/// A sequence is judged only if every operation ends no later than this after its point.
pub(super) const BUDGET: Duration = Duration::from_millis(250);

/// Two operations that start timers are at least so far apart, so that their timers fire in their order on a server too.
pub(super) const APART: Duration = Duration::from_millis(8);

/// How long a fetch waits that is over within its burst.
pub(super) const MOMENT: Duration = Duration::from_millis(20);

/// How long a fetch waits that sees what becomes due before the next point.
pub(super) const LONG_WAIT: Duration = Duration::from_millis(900);

/// Never within a sequence.
pub(super) const NEVER: Duration = Duration::from_secs(3600);

/// Where the first point is within a second of the wall clock.
const PHASE: Duration = Duration::from_millis(700);

/// A span that ends 300 ms after the point that comes `ticks` later.
pub(super) const fn span(ticks: u32) -> Duration {
    TICK.saturating_mul(ticks).saturating_add(Duration::from_millis(300))
}

/// From a time to the next one at which the grid may begin.
pub(super) fn until_phase(now: SystemTime) -> Duration {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let within = Duration::from_nanos(u64::from(since.subsec_nanos()));
    let second = Duration::from_secs(1);
    if within <= PHASE { PHASE - within } else { second + PHASE - within }
}

/// From a time to the next one that is at the same place in a minute as `like`.
pub(super) fn until_same_second(now: SystemTime, like: SystemTime) -> Duration {
    let minute = Duration::from_secs(60).as_nanos();
    let within = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() % minute
    };
    let ahead = (within(like) + minute - within(now)) % minute;
    Duration::from_nanos(u64::try_from(ahead).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }

    #[test]
    fn the_grid_begins_300_ms_before_a_full_second() {
        for (now, ahead) in [(5_000, 700), (5_700, 0), (5_701, 999), (5_999, 701)] {
            assert_eq!(until_phase(at(now)), Duration::from_millis(ahead), "{now}");
        }
    }

    #[test]
    fn both_sides_begin_in_the_same_second_of_a_minute() {
        for (now, like, ahead) in [(60_000, 5_700, 5_700), (5_800, 65_700, 59_900), (7, 7, 0)] {
            assert_eq!(until_same_second(at(now), at(like)), Duration::from_millis(ahead), "{now} {like}");
        }
    }
}
