//! How long to wait before the next attempt.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// The delays between attempts: 50 ms, doubled each time, 2 s at most. Without jitter, so that a run can be
/// repeated; a service with many instances should add it.
pub(crate) fn delays() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::new().with_min_delay(FIRST).with_max_delay(LONGEST).without_max_times().build()
}

/// The delay after this attempt, from 1. The broker counts the attempts, so that the delay grows whichever
/// instance gets the message.
pub(super) fn delay_after(attempt: u64) -> Duration {
    // Six doublings reach the longest.
    let before = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX).min(16);
    delays().nth(before).unwrap_or(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_the_longest() {
        let millis: Vec<u128> = (0..=8).map(|attempt| delay_after(attempt).as_millis()).collect();
        assert_eq!(millis, [50, 50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
        assert_eq!(delay_after(u64::MAX), LONGEST);
    }
}
