//! Which sequences each subject has.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use pubsub_core::{Subject, SubjectFilter};

use super::sequences::Sequences;

/// So many subjects may be kept without a message, and as many more as there are with one.
const EMPTY: usize = 64;

/// The stored sequences by subject, each list in order. A subject is kept once, under a number, while it has a message, and
/// a little longer: in a work queue that is read as fast as it is written, each message is the only one.
#[derive(Debug, Default)]
pub(crate) struct SubjectIndex {
    numbers: HashMap<Subject, u32, RandomState>,
    /// How many of them have no message.
    empty: usize,
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// The one of the last insertion.
    newest: u32,
}

#[derive(Debug)]
struct Entry {
    subject: Subject,
    sequences: Sequences,
    /// Whether it is not there only for its number to be used again.
    is_known: bool,
}

impl SubjectIndex {
    /// How many subjects have a message.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len() - self.empty
    }

    /// Appends a sequence, and returns the number of the subject.
    pub(super) fn insert(&mut self, subject: &Subject, sequence: u64) -> u32 {
        // Often it is the subject of before.
        let newest = self.newest;
        if let Some(entry) =
            self.entry_mut(newest).filter(|entry| entry.is_known && entry.subject == *subject)
        {
            let was_empty = entry.sequences.is_empty();
            entry.sequences.push(sequence);
            self.empty -= usize::from(was_empty);
            return newest;
        }
        self.newest = self.insert_other(subject, sequence);
        self.newest
    }

    fn append(&mut self, number: u32, sequence: u64) {
        let mut was_empty = false;
        if let Some(entry) = self.entry_mut(number) {
            was_empty = entry.sequences.is_empty();
            entry.sequences.push(sequence);
        }
        self.empty -= usize::from(was_empty);
    }

    fn insert_other(&mut self, subject: &Subject, sequence: u64) -> u32 {
        if let Some(number) = self.numbers.get(subject).copied() {
            self.append(number, sequence);
            return number;
        }
        let subject = own(subject);
        let entry = Entry { subject: subject.clone(), sequences: Sequences::of(sequence), is_known: true };
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
        let was_empty = entry.sequences.is_empty();
        entry.sequences.remove(sequence);
        if entry.sequences.is_empty() && !was_empty {
            self.empty += 1;
            if self.empty > self.len() + EMPTY {
                self.forget_empty();
            }
        }
    }

    fn forget_empty(&mut self) {
        let (entries, free) = (&mut self.entries, &mut self.free);
        self.numbers.retain(|_, number| {
            let Some(entry) = entries.get_mut(place(*number)) else { return false };
            entry.is_known = !entry.sequences.is_empty();
            if !entry.is_known {
                free.push(*number);
            }
            entry.is_known
        });
        self.empty = 0;
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
        let counts = self.numbers.iter().filter_map(|(subject, number)| {
            Some((subject, self.entries.get(place(*number))?.sequences.len()))
        });
        counts.filter(|(_, count)| *count > 0)
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
    fn a_subject_without_messages_is_none() {
        let (mut index, subject) = (index(), Subject::new("a").unwrap());
        let number = *index.numbers.get(&subject).unwrap();
        for sequence in [3, 1, 5, 5] {
            index.remove(number, sequence);
        }
        assert_eq!((index.len(), index.count("a"), index.count("b")), (1, 0, 2));
        assert_eq!((index.first_of("a"), index.last_of("a"), index.next_of("a", 0)), (None, None, None));
        assert_eq!(index.last_of_each(&SubjectFilter::all()).collect::<Vec<_>>(), [4]);
        assert!(index.counts().map(|(subject, _)| subject.as_str()).eq(["b"]));
        assert_eq!(index.insert(&subject, 6), number);
        assert_eq!((index.len(), index.count("a"), index.last_of("a")), (2, 1, Some(6)));
    }

    #[test]
    fn subjects_without_messages_are_forgotten_and_their_numbers_used_again() {
        let mut index = index();
        for sequence in 6..10_000 {
            let number = index.insert(&Subject::new(format!("s.{sequence}")).unwrap(), sequence);
            index.remove(number, sequence);
        }
        assert_eq!((index.len(), index.count("a"), index.count("b")), (2, 3, 2));
        assert!(index.numbers.len() <= 2 + 2 + EMPTY + 1, "{}", index.numbers.len());
        assert!(index.entries.len() <= index.numbers.len() + EMPTY + 3, "{}", index.entries.len());
    }
}
