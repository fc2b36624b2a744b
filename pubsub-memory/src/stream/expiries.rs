//! Which consumers may end without use, and when: [`Expiries`].

use std::collections::{BTreeSet, HashMap};

use tokio::time::Instant;

/// For each consumer that ends without use a time before which it does not. Use moves the end on, which is found out when
/// the time has come: noting each use would cost more than that.
#[derive(Debug, Default)]
pub(super) struct Expiries {
    order: BTreeSet<(Instant, usize)>,
    noted: HashMap<usize, Instant>,
}

impl Expiries {
    /// The consumer in this slot ends then at the earliest.
    pub(super) fn note(&mut self, slot: usize, at: Instant) {
        if self.noted.get(&slot).is_some_and(|noted| *noted <= at) {
            return;
        }
        self.forget(slot);
        self.noted.insert(slot, at);
        self.order.insert((at, slot));
    }

    pub(super) fn forget(&mut self, slot: usize) {
        if let Some(noted) = self.noted.remove(&slot) {
            self.order.remove(&(noted, slot));
        }
    }

    /// A consumer whose time may have come, until it is noted again.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<usize> {
        let (at, slot) = self.order.first().copied().filter(|(at, _)| *at <= now)?;
        self.order.remove(&(at, slot));
        self.noted.remove(&slot);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_earliest_time_of_each_counts_until_it_has_come() {
        let (mut expiries, start) = (Expiries::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for (slot, seconds) in [(1, 5), (2, 3), (1, 4), (2, 9), (3, 1)] {
            expiries.note(slot, at(seconds));
        }
        expiries.forget(3);
        assert_eq!(expiries.take_due(at(2)), None);
        assert_eq!((expiries.take_due(at(4)), expiries.take_due(at(4))), (Some(2), Some(1)));
        expiries.note(2, at(9));
        assert_eq!((expiries.take_due(at(8)), expiries.take_due(at(9))), (None, Some(2)));
    }
}
