//! Which messages left that somebody may hold unsettled: [`Dropped`].

use std::collections::VecDeque;

/// How many are remembered one by one.
const RECENT: usize = 4_096;

/// The messages that were removed from the middle of a stream, settled by nobody. A consumer remembers up to where it
/// knows them, and looks only at those since: at its own unsettled deliveries one by one just when there were too many.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    /// How many there were, ever.
    count: u64,
    /// The last ones.
    recent: VecDeque<u64>,
}

impl Dropped {
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn one(&mut self, sequence: u64) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(sequence);
        self.count += 1;
    }

    /// Any number of messages.
    pub(super) fn many(&mut self) {
        self.recent.clear();
        self.count += 1;
    }

    /// Those since there were so many; `None` if they are not remembered, or there never were so many.
    pub(crate) fn since(&self, count: u64) -> Option<impl Iterator<Item = u64> + '_> {
        let new = usize::try_from(self.count.checked_sub(count)?).unwrap_or(usize::MAX);
        let known = self.recent.len().checked_sub(new)?;
        Some(self.recent.iter().skip(known).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(dropped: &Dropped, count: u64) -> Option<Vec<u64>> {
        dropped.since(count).map(Iterator::collect)
    }

    #[test]
    fn what_was_dropped_since_is_known() {
        let mut dropped = Dropped::default();
        [5, 3, 9].into_iter().for_each(|sequence| dropped.one(sequence));
        assert_eq!((since(&dropped, 0), since(&dropped, 2)), (Some(vec![5, 3, 9]), Some(vec![9])));
        assert_eq!((since(&dropped, dropped.count()), since(&dropped, u64::MAX)), (Some(Vec::new()), None));
    }

    #[test]
    fn too_many_are_not_remembered() {
        let mut dropped = Dropped::default();
        (0..5_000).for_each(|sequence| dropped.one(sequence));
        assert_eq!((since(&dropped, 0), since(&dropped, 4_998)), (None, Some(vec![4_998, 4_999])));
        dropped.many();
        assert_eq!((since(&dropped, 5_000), since(&dropped, 5_001)), (None, Some(Vec::new())));
        assert_eq!(dropped.recent.len(), 0);
    }
}
