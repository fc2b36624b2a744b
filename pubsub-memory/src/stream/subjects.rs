//! Which sequences each subject has.

use std::collections::{HashMap, VecDeque};

use pubsub_core::{Subject, SubjectFilter};

/// The stored sequences by subject, each list in order.
#[derive(Debug, Default)]
pub(crate) struct SubjectIndex {
    by_subject: HashMap<Subject, VecDeque<u64>>,
}

impl SubjectIndex {
    /// How many subjects have a message.
    pub(crate) fn len(&self) -> usize {
        self.by_subject.len()
    }

    /// The subject as it is kept here, so that all its messages share one text.
    pub(crate) fn shared(&self, subject: &Subject) -> Option<Subject> {
        self.by_subject.get_key_value(subject).map(|(kept, _)| kept.clone())
    }

    pub(crate) fn insert(&mut self, subject: Subject, sequence: u64) {
        self.by_subject.entry(subject).or_default().push_back(sequence);
    }

    pub(crate) fn remove(&mut self, subject: &Subject, sequence: u64) {
        let Some(sequences) = self.by_subject.get_mut(subject) else {
            return;
        };
        // The oldest goes first, but for acks out of order and deletions.
        if sequences.front() == Some(&sequence) {
            sequences.pop_front();
        } else if let Ok(at) = sequences.binary_search(&sequence) {
            sequences.remove(at);
        }
        if sequences.is_empty() {
            self.by_subject.remove(subject);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.by_subject = HashMap::new();
    }

    pub(crate) fn count(&self, subject: &str) -> u64 {
        self.by_subject.get(subject).map_or(0, |sequences| length(sequences.len()))
    }

    pub(crate) fn first_of(&self, subject: &str) -> Option<u64> {
        self.by_subject.get(subject)?.front().copied()
    }

    pub(crate) fn last_of(&self, subject: &str) -> Option<u64> {
        self.by_subject.get(subject)?.back().copied()
    }

    pub(crate) fn next_of(&self, subject: &str, from: u64) -> Option<u64> {
        let sequences = self.by_subject.get(subject)?;
        sequences.get(sequences.partition_point(|sequence| *sequence < from)).copied()
    }

    pub(crate) fn count_from(&self, subject: &str, from: u64) -> u64 {
        self.by_subject.get(subject).map_or(0, |sequences| {
            length(sequences.len() - sequences.partition_point(|sequence| *sequence < from))
        })
    }

    /// The sequences of a subject, in order.
    pub(crate) fn sequences_of(&self, subject: &str) -> impl Iterator<Item = u64> + '_ {
        self.by_subject.get(subject).into_iter().flat_map(|sequences| sequences.iter().copied())
    }

    /// Each subject with how many messages it has, in no order.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&Subject, u64)> {
        self.by_subject.iter().map(|(subject, sequences)| (subject, length(sequences.len())))
    }

    /// The newest sequence of each subject that a filter matches, in no order.
    pub(crate) fn last_of_each<'a>(&'a self, filter: &'a SubjectFilter) -> impl Iterator<Item = u64> + 'a {
        self.by_subject
            .iter()
            .filter(|(subject, _)| filter.matches(subject.as_str()))
            .filter_map(|(_, sequences)| sequences.back().copied())
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> SubjectIndex {
        let mut index = SubjectIndex::default();
        for (sequence, text) in (1..).zip(["a", "b", "a", "b", "a"]) {
            index.insert(Subject::new(text).unwrap(), sequence);
        }
        index
    }

    #[test]
    fn sequences_are_found_by_subject() {
        let index = index();
        assert_eq!((index.first_of("a"), index.last_of("a"), index.count("a")), (Some(1), Some(5), 3));
        assert_eq!((index.next_of("a", 2), index.count_from("a", 2)), (Some(3), 2));
        assert_eq!((index.next_of("b", 5), index.count_from("c", 0)), (None, 0));
        let mut last: Vec<u64> = index.last_of_each(&SubjectFilter::all()).collect();
        last.sort_unstable();
        assert_eq!(last, [4, 5]);
    }

    #[test]
    fn a_subject_without_messages_is_forgotten() {
        let (mut index, subject) = (index(), Subject::new("a").unwrap());
        for sequence in [3, 1, 5, 5, 2] {
            index.remove(&subject, sequence);
        }
        assert_eq!((index.len(), index.count("a"), index.count("b")), (1, 0, 2));
    }
}
