//! Gaps, and how long it takes to go on.

use std::time::Duration;

use crate::stage::Fault;

/// The longest time between two of these moments, from the beginning to the end.
pub(super) fn longest_gap(mut moments: Vec<Duration>, end: Duration) -> Duration {
    moments.push(Duration::ZERO);
    moments.push(end);
    moments.retain(|moment| *moment <= end);
    moments.sort_unstable();
    moments
        .windows(2)
        .filter_map(|pair| Some(pair.last()?.saturating_sub(*pair.first()?)))
        .max()
        .unwrap_or_default()
}

/// The longest time from the end of a fault until something happened. Nothing that ever happened counts until the end.
pub(super) fn longest_resume(moments: &[Duration], faults: &[Fault], end: Duration) -> Option<Duration> {
    let healed = faults.iter().filter_map(|fault| fault.healed);
    healed
        .map(|healed| {
            let next = moments.iter().filter(|moment| **moment >= healed).min();
            next.copied().unwrap_or(end).saturating_sub(healed)
        })
        .max()
}

/// So many of a hundred do not exceed this.
pub(super) fn percentile(sorted: &[Duration], of_hundred: usize) -> Option<Duration> {
    let place = (sorted.len() * of_hundred / 100).min(sorted.len().checked_sub(1)?);
    sorted.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(all: &[u64]) -> Vec<Duration> {
        all.iter().copied().map(Duration::from_secs).collect()
    }

    #[test]
    fn a_gap_may_be_at_either_end() {
        let ten = Duration::from_secs(10);
        assert_eq!(longest_gap(seconds(&[1, 2, 9]), ten), Duration::from_secs(7));
        assert_eq!(longest_gap(seconds(&[8, 9]), ten), Duration::from_secs(8));
        assert_eq!(longest_gap(seconds(&[]), ten), ten);
        assert_eq!(
            longest_gap(seconds(&[5, 30]), ten),
            Duration::from_secs(5),
            "what came later does not count"
        );
    }

    #[test]
    fn the_slowest_resume_counts() {
        let fault = |healed| Fault { from: Duration::ZERO, healed: Some(Duration::from_secs(healed)) };
        let (faults, end) = ([fault(2), fault(6)], Duration::from_secs(20));
        assert_eq!(longest_resume(&seconds(&[1, 3, 9]), &faults, end), Some(Duration::from_secs(3)));
        assert_eq!(longest_resume(&seconds(&[1, 3]), &faults, end), Some(Duration::from_secs(14)));
        assert_eq!(longest_resume(&seconds(&[1]), &[], end), None);
    }

    #[test]
    fn percentiles_are_of_what_there_is() {
        assert_eq!(percentile(&seconds(&[1, 2, 3]), 99), Some(Duration::from_secs(3)));
        assert_eq!(percentile(&[], 99), None);
    }
}
