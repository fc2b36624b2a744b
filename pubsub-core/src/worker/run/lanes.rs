//! Messages of one key, one after the other: [`Lanes`].

use std::collections::{BTreeSet, HashMap};

/// Which keys are taken, and what waits for each, by its sequence in the stream: a message that comes again after others of its
/// key is still before them.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    taken: HashMap<String, BTreeSet<u64>>,
}

impl Lanes {
    /// Takes the lane of this key for a message, or lines it up behind the one that has it.
    pub(super) fn enter(&mut self, key: &str, id: u64) -> bool {
        if let Some(waiting) = self.taken.get_mut(key) {
            waiting.insert(id);
            return false;
        }
        self.taken.insert(key.to_owned(), BTreeSet::new());
        true
    }

    /// Gives the lane on, to the next message of this key, if there is one.
    pub(super) fn leave(&mut self, key: &str) -> Option<u64> {
        let next = self.taken.get_mut(key)?.pop_first();
        if next.is_none() {
            self.taken.remove(key);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_given_on_in_order_and_then_is_free() {
        let mut lanes = Lanes::default();
        assert!(lanes.enter("a", 1));
        assert!(!lanes.enter("a", 3));
        assert!(!lanes.enter("a", 2));
        assert!(lanes.enter("b", 4));
        assert_eq!(lanes.leave("a"), Some(2));
        assert_eq!(lanes.leave("a"), Some(3));
        assert_eq!(lanes.leave("a"), None);
        assert!(lanes.enter("a", 5));
    }
}
