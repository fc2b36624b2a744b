//! What was found for a subject: [`SubjectMemo`].

use std::collections::HashMap;

use foldhash::fast::RandomState;
use pubsub_core::Subject;

/// The most subjects that are remembered. Past it all are forgotten, which costs one search each.
const MOST: usize = 16_384;

/// Answers by subject, for as long as nothing changes that they depend on.
#[derive(Debug)]
pub(crate) struct SubjectMemo<T> {
    answers: HashMap<Subject, T, RandomState>,
}

impl<T> Default for SubjectMemo<T> {
    fn default() -> Self {
        Self { answers: HashMap::default() }
    }
}

impl<T> SubjectMemo<T> {
    pub(crate) fn get(&self, subject: &Subject) -> Option<&T> {
        self.answers.get(subject)
    }

    pub(crate) fn insert(&mut self, subject: Subject, answer: T) {
        if self.answers.len() >= MOST {
            self.answers.clear();
        }
        self.answers.insert(subject, answer);
    }

    pub(crate) fn clear(&mut self) {
        self.answers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_remembers_more_than_it_may() {
        let mut memo = SubjectMemo::default();
        for number in 0..=MOST {
            memo.insert(Subject::new(number.to_string()).unwrap(), number);
        }
        assert_eq!((memo.answers.len(), memo.get(&Subject::new("0").unwrap())), (1, None));
    }
}
