//! How many messages a worker holds: [`Capacity`].

use std::time::Duration;

/// Finds how many messages to hold: as many as are handled in an eighth of the ack wait, so that nothing is held long that
/// another instance could handle, and a fast handler does not wait for the network.
#[derive(Debug)]
pub(super) struct Capacity {
    /// The least that is held besides what all places need: two batches.
    least: usize,
    fixed: Option<usize>,
    span: Duration,
    /// The mean time of an attempt, newer ones counting more.
    mean: Option<Duration>,
}

impl Capacity {
    /// The most that is held, unless somebody asked for more.
    const MAX: usize = 1000;

    pub(super) fn new(least: usize, fixed: Option<usize>, ack_wait: Duration) -> Self {
        Self { least, fixed, span: ack_wait / 8, mean: None }
    }

    pub(super) fn took(&mut self, time: Duration) {
        self.mean = Some(self.mean.map_or(time, |mean| mean - mean / 8 + time / 8));
    }

    /// For so many that run at once.
    pub(super) fn limit(&self, concurrency: usize) -> usize {
        let least = self.least.max(concurrency);
        if let Some(fixed) = self.fixed {
            return fixed.max(least);
        }
        let Some(mean) = self.mean else {
            return least;
        };
        let each = self.span.as_nanos() / mean.as_nanos().max(1);
        let each = usize::try_from(each).unwrap_or(Self::MAX);
        let limit = each.saturating_mul(concurrency).min(Self::MAX);
        limit.max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_handler_holds_what_it_works_on_and_a_fast_one_the_most() {
        let mut capacity = Capacity::new(4, None, Duration::from_secs(30));
        assert_eq!(capacity.limit(4), 4);
        capacity.took(Duration::from_micros(5));
        assert_eq!(capacity.limit(4), Capacity::MAX);
        for _ in 0..100 {
            capacity.took(Duration::from_secs(10));
        }
        assert_eq!(capacity.limit(4), 4);
    }

    #[test]
    fn what_is_asked_for_counts() {
        let capacity = Capacity::new(4, Some(5000), Duration::from_secs(30));
        assert_eq!(capacity.limit(4), 5000);
    }
}
