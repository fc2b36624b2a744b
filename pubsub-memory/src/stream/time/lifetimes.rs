//! The messages with a time to live of their own.

use std::collections::{BTreeSet, HashMap};

use tokio::time::Instant;

/// How long a message lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::stream) enum Lifetime {
    Until(Instant),
    /// Its age does not matter.
    Endless,
}

/// The lifetimes of the messages that have one.
#[derive(Debug, Default)]
pub(in crate::stream) struct Lifetimes {
    of: HashMap<u64, Lifetime>,
    ends: BTreeSet<(Instant, u64)>,
}

impl Lifetimes {
    pub(in crate::stream) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    pub(in crate::stream) fn begin(&mut self, sequence: u64, lifetime: Lifetime) {
        self.of.insert(sequence, lifetime);
        if let Lifetime::Until(end) = lifetime {
            self.ends.insert((end, sequence));
        }
    }

    pub(in crate::stream) fn is_endless(&self, sequence: u64) -> bool {
        self.of.get(&sequence) == Some(&Lifetime::Endless)
    }

    /// Which message ends next, and when.
    pub(in crate::stream) fn next_end(&self) -> Option<(Instant, u64)> {
        self.ends.first().copied()
    }

    /// How long a message lives, if that is its own affair.
    pub(in crate::stream) fn of(&self, sequence: u64) -> Option<Lifetime> {
        self.of.get(&sequence).copied()
    }

    /// A message is gone.
    pub(in crate::stream) fn forget(&mut self, sequence: u64) {
        if self.of.is_empty() {
            return;
        }
        if let Some(Lifetime::Until(end)) = self.of.remove(&sequence) {
            self.ends.remove(&(end, sequence));
        }
    }

    pub(in crate::stream) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_next_end_is_the_earliest_that_is_left() {
        let (mut lifetimes, start) = (Lifetimes::default(), Instant::now());
        let end = |seconds| start + Duration::from_secs(seconds);
        for (sequence, lifetime) in
            [(1, Lifetime::Until(end(9))), (2, Lifetime::Endless), (3, Lifetime::Until(end(5)))]
        {
            lifetimes.begin(sequence, lifetime);
        }
        assert_eq!(lifetimes.next_end(), Some((end(5), 3)));
        assert!(lifetimes.is_endless(2) && !lifetimes.is_endless(3) && !lifetimes.is_endless(4));
        lifetimes.forget(3);
        assert_eq!(lifetimes.next_end(), Some((end(9), 1)));
        lifetimes.forget(1);
        lifetimes.forget(2);
        assert!(lifetimes.next_end().is_none() && lifetimes.is_empty());
    }
}
