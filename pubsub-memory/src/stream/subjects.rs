//! Which sequences each subject has.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use pubsub_core::{Subject, SubjectFilter};

use super::sequences::Sequences;

/// The stored sequences by subject, each list in order. A subject is kept once, under a number, while it has a message.
#[derive(Debug, Default)]
pub(crate) struct SubjectIndex {
    numbers: HashMap<Subject, u32, RandomState>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// The one of the last insertion.
    newest: u32,
}

#[derive(Debug)]
struct Entry {
    subject: Subject,
    sequences: Sequences,
}

impl Entry {
    /// Whether it is not kept only for its number to be used again.
    fn is_in_use(&self) -> bool {
        !self.sequences.is_empty()
    }
}

impl SubjectIndex {
    /// How many subjects have a message.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Appends a sequence, and returns the number of the subject.
    pub(super) fn insert(&mut self, subject: &Subject, sequence: u64) -> u32 {
        // Often it is the subject of before.
        let newest = self.newest;
        if let Some(entry) =
            self.entry_mut(newest).filter(|entry| entry.is_in_use() && entry.subject == *subject)
        {
            entry.sequences.push(sequence);
            return newest;
        }
        self.newest = self.insert_other(subject, sequence);
        self.newest
    }

    fn insert_other(&mut self, subject: &Subject, sequence: u64) -> u32 {
        if let Some(number) = self.numbers.get(subject).copied() {
            if let Some(entry) = self.entry_mut(number) {
                entry.sequences.push(sequence);
            }
            return number;
        }
        let subject = own(subject);
        let entry = Entry { subject: subject.clone(), sequences: Sequences::of(sequence) };
        let number = match self.free.pop() {
            Some(number) => {
                if let Some(place) = self.entry_mut(number) {
                    *place = entry;
                }
                number
            }
            None => {
                self.entries.push(entry);
                // There are fewer subjects than bytes of memory; past 2^32 the last number is shared.
                u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.numbers.insert(subject, number);
        number
    }

    /// The subject of a stored message.
    pub(super) fn subject(&self, number: u32) -> Option<&Subject> {
        self.entries.get(place(number)).map(|entry| &entry.subject)
    }

    pub(super) fn remove(&mut self, number: u32, sequence: u64) {
        let Some(entry) = self.entry_mut(number) else {
            return;
        };
        entry.sequences.remove(sequence);
        if entry.sequences.is_empty() {
            let subject = entry.subject.clone();
            self.numbers.remove(&subject);
            self.free.push(number);
        }
    }

    pub(crate) fn count(&self, subject: &str) -> u64 {
        self.of(subject).map_or(0, Sequences::len)
    }

    pub(crate) fn first_of(&self, subject: &str) -> Option<u64> {
        self.of(subject)?.first()
    }

    pub(crate) fn last_of(&self, subject: &str) -> Option<u64> {
        self.of(subject)?.last()
    }

    pub(crate) fn next_of(&self, subject: &str, from: u64) -> Option<u64> {
        self.of(subject)?.next_from(from)
    }

    pub(crate) fn count_from(&self, subject: &str, from: u64) -> u64 {
        self.of(subject).map_or(0, |sequences| sequences.count_from(from))
    }

    /// The sequences of a subject, in order.
    pub(crate) fn sequences_of(&self, subject: &str) -> impl Iterator<Item = u64> + '_ {
        self.of(subject).into_iter().flat_map(Sequences::iter)
    }

    /// Each subject with how many messages it has, in no order.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&Subject, u64)> {
        self.numbers.iter().filter_map(|(subject, number)| {
            Some((subject, self.entries.get(place(*number))?.sequences.len()))
        })
    }

    /// The newest sequence of each subject that a filter matches, in no order.
    pub(crate) fn last_of_each<'a>(&'a self, filter: &'a SubjectFilter) -> impl Iterator<Item = u64> + 'a {
        self.numbers
            .iter()
            .filter(|(subject, _)| filter.matches(subject.as_str()))
            .filter_map(|(_, number)| self.entries.get(place(*number))?.sequences.last())
    }

    fn of(&self, subject: &str) -> Option<&Sequences> {
        let number = self.numbers.get(subject)?;
        self.entries.get(place(*number)).map(|entry| &entry.sequences)
    }

    fn entry_mut(&mut self, number: u32) -> Option<&mut Entry> {
        self.entries.get_mut(place(number))
    }
}

/// A copy of its own: a text that publishers share with readers would be counted by both sides in one place, and one that
/// is part of a larger buffer would keep that.
fn own(subject: &Subject) -> Subject {
    Subject::new(subject.as_str().to_owned()).unwrap_or_else(|_| subject.clone())
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> SubjectIndex {
        let mut index = SubjectIndex::default();
        for (sequence, text) in (1..).zip(["a", "b", "a", "b", "a"]) {
            index.insert(&Subject::new(text).unwrap(), sequence);
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
    fn a_subject_without_messages_is_forgotten_and_its_number_used_again() {
        let (mut index, subject) = (index(), Subject::new("a").unwrap());
        let number = *index.numbers.get(&subject).unwrap();
        for sequence in [3, 1, 5, 5] {
            index.remove(number, sequence);
        }
        assert_eq!((index.len(), index.count("a"), index.count("b")), (1, 0, 2));
        assert_eq!(index.insert(&Subject::new("c").unwrap(), 6), number);
        assert_eq!((index.subject(number).map(Subject::as_str), index.count("c")), (Some("c"), 1));
    }
}
