//! How long to wait before the next attempt to connect again.

use std::time::Duration;

/// Up to this many attempts the pause stays short: a server that restarts is back within seconds.
const BRIEF_ATTEMPTS: usize = 64;
const BRIEF_CAP: Duration = Duration::from_millis(250);
/// After so many more attempts each, the pause doubles.
const PATIENCE: usize = 8;

/// The pause before an attempt (the first is 1): none, then doubling from `first` to 250 ms, and in a long outage on to
/// `cap`. The later half of each pause is random, so that clients that lost one server together do not come back together.
pub(crate) fn delay(attempt: usize, first: Duration, cap: Duration) -> Duration {
    if attempt <= 1 {
        return Duration::ZERO;
    }
    let longest = match attempt.checked_sub(BRIEF_ATTEMPTS) {
        None | Some(0) => doubled(first, attempt - 2).min(BRIEF_CAP.max(first)),
        Some(more) => doubled(BRIEF_CAP.max(first), more / PATIENCE),
    };
    let longest = longest.min(cap);
    longest / 2 + (longest / 2).mul_f64(fastrand::f64())
}

fn doubled(pause: Duration, times: usize) -> Duration {
    let factor = 2_u32.saturating_pow(u32::try_from(times).unwrap_or(u32::MAX).min(30));
    pause.saturating_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(4);
    const CAP: Duration = Duration::from_secs(2);

    #[test]
    fn it_grows_stays_short_for_a_while_and_ends_at_its_cap() {
        assert_eq!(delay(1, FIRST, CAP), Duration::ZERO);
        assert!(delay(2, FIRST, CAP) <= FIRST);
        for attempt in [9, 30, BRIEF_ATTEMPTS] {
            let delay = delay(attempt, FIRST, CAP);
            assert!(delay >= BRIEF_CAP / 2 && delay <= BRIEF_CAP, "{attempt}: {delay:?}");
        }
        for attempt in [200, usize::MAX] {
            let delay = delay(attempt, FIRST, CAP);
            assert!(delay >= CAP / 2 && delay <= CAP, "{attempt}: {delay:?}");
        }
    }

    #[test]
    fn no_two_clients_wait_alike() {
        let delays: std::collections::HashSet<_> = (0..20).map(|_| delay(200, FIRST, CAP)).collect();
        assert!(delays.len() > 1);
    }

    #[test]
    fn a_small_cap_and_a_large_first_pause_are_kept() {
        let small = Duration::from_millis(10);
        assert!(delay(50, FIRST, small) <= small);
        assert!(delay(2, Duration::from_secs(1), CAP) >= Duration::from_millis(500));
        assert!(delay(9, Duration::MAX, Duration::MAX) > CAP);
    }
}
