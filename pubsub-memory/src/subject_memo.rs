//! What was found for a subject: [`SubjectMemo`].

use std::collections::HashMap;

use foldhash::fast::RandomState;
use pubsub_core::Subject;

/// The most subjects that are remembered. Past it all are forgotten, which costs one search each.
const MOST: usize = 16_384;
/// The most that all answers hold together, as `insert` is told.
const MOST_HELD: usize = 1 << 20;

/// Answers by subject, for as long as nothing changes that they depend on.
#[derive(Debug)]
pub(crate) struct SubjectMemo<T> {
    answers: HashMap<Subject, T, RandomState>,
    held: usize,
}

impl<T> Default for SubjectMemo<T> {
    fn default() -> Self {
        Self { answers: HashMap::default(), held: 0 }
    }
}

impl<T> SubjectMemo<T> {
    pub(crate) fn get(&self, subject: &Subject) -> Option<&T> {
        self.answers.get(subject)
    }

    /// Remembers an answer that holds so many things.
    pub(crate) fn insert(&mut self, subject: Subject, answer: T, holds: usize) {
        if self.answers.len() >= MOST || self.held.saturating_add(holds) > MOST_HELD {
            self.clear();
        }
        if holds <= MOST_HELD {
            self.held += holds;
            self.answers.insert(subject, answer);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.answers.clear();
        self.held = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_remembers_more_than_it_may() {
        let mut memo = SubjectMemo::default();
        for number in 0..=MOST {
            memo.insert(Subject::new(number.to_string()).unwrap(), number, 1);
        }
        assert_eq!((memo.answers.len(), memo.get(&Subject::new("0").unwrap())), (1, None));
    }

    #[test]
    fn long_answers_are_bounded_together() {
        let mut memo = SubjectMemo::default();
        for number in 0..5 {
            memo.insert(Subject::new(number.to_string()).unwrap(), number, MOST_HELD / 4);
        }
        assert_eq!((memo.answers.len(), memo.held), (1, MOST_HELD / 4));
        memo.insert(Subject::new("more").unwrap(), 9, MOST_HELD + 1);
        assert!(memo.answers.is_empty());
    }
}
