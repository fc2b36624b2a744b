//! Unsettled deliveries in the order of their sequences: [`Window`].

use tokio::time::Instant;

use crate::block_deque::BlockDeque;

/// Entries by sequence. New ones have the highest sequence, so that they form a queue in which each is found by its
/// distance from the first; a settled one leaves a hole until it is at one of the ends, or holes are most of it.
#[derive(Debug, Default)]
pub(super) struct Window {
    entries: BlockDeque<Entry>,
    live: usize,
}

/// One unsettled message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    /// The consumer's number of the first delivery.
    pub(crate) number: u64,
    /// How often it was delivered. 0 stands for a hole.
    pub(crate) attempts: u64,
    /// When it comes again, as `how` says.
    pub(super) at: Instant,
    pub(super) how: How,
    /// How often it is in the list of ack waits. The last place is that of the one that runs.
    pub(super) waits: u32,
}

/// When a message comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// When the ack wait is over.
    After,
    /// When the delay is over.
    Delayed,
    /// As soon as somebody asks. Should a purge end that, when the ack wait is over that still runs.
    Queued,
}

impl Window {
    pub(super) fn len(&self) -> usize {
        self.live
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live == 0
    }

    pub(super) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.entries.get(self.place(sequence)?)
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Entry> {
        let place = self.place(sequence)?;
        self.entries.get_mut(place)
    }

    /// The lowest one.
    pub(super) fn first(&self) -> Option<&Entry> {
        self.entries.front()
    }

    /// Removes the lowest one.
    pub(super) fn remove_first(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        self.live -= 1;
        self.entries.drop_front();
        // What was not a hole at the other end is none now.
        while self.entries.front().is_some_and(Entry::is_hole) {
            self.entries.drop_front();
        }
        self.give_up_holes();
    }

    /// Adds an entry that is not there.
    pub(super) fn insert(&mut self, entry: Entry) {
        self.live += 1;
        if self.entries.back().is_none_or(|last| last.sequence < entry.sequence) {
            self.entries.push_back(entry);
            return;
        }
        // Somebody was sent back to older messages: rare enough to list all anew.
        let mut entries: Vec<Entry> = self.iter().copied().chain([entry]).collect();
        entries.sort_unstable_by_key(|entry| entry.sequence);
        self.entries = entries.into_iter().collect();
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Entry> {
        if let Some(first) = self.entries.front().filter(|first| first.sequence == sequence).copied() {
            // In order, as most are settled. The first one is never a hole.
            self.remove_first();
            return Some(first);
        }
        let entry = self.get_mut(sequence)?;
        let removed = *entry;
        entry.attempts = 0;
        self.live -= 1;
        self.close_holes();
        Some(removed)
    }

    /// No hole is at an end, and holes are not most of it.
    fn close_holes(&mut self) {
        while self.entries.front().is_some_and(Entry::is_hole) {
            self.entries.pop_front();
        }
        while self.entries.back().is_some_and(Entry::is_hole) {
            self.entries.pop_back();
        }
        self.give_up_holes();
    }

    fn give_up_holes(&mut self) {
        if self.entries.len() > 2 * self.live + 64 {
            self.entries.retain(|entry| !entry.is_hole());
        }
    }

    /// The entry with the lowest sequence above this one.
    pub(super) fn next_above(&self, sequence: u64) -> Option<&Entry> {
        let first = self.entries.front()?;
        if first.sequence > sequence {
            return Some(first);
        }
        let above = self.entries.partition_point(|entry| entry.sequence <= sequence);
        (above..self.entries.len()).find_map(|place| self.entries.get(place).filter(|entry| !entry.is_hole()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !entry.is_hole())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut().filter(|entry| !entry.is_hole())
    }

    fn place(&self, sequence: u64) -> Option<usize> {
        let first = self.entries.front()?;
        let distance = usize::try_from(sequence.checked_sub(first.sequence)?).unwrap_or(usize::MAX);
        // Sequences rise by one at least, so that an entry is at this distance or before it.
        let furthest = distance.min(self.entries.len() - 1);
        let place = match self.entries.get(furthest) {
            Some(entry) if entry.sequence == sequence => furthest,
            _ => self.entries.partition_point(|entry| entry.sequence < sequence),
        };
        let entry = self.entries.get(place)?;
        (entry.sequence == sequence && !entry.is_hole()).then_some(place)
    }
}

impl Entry {
    pub(super) fn comes_after(&mut self, until: Instant) {
        (self.at, self.how) = (until, How::After);
    }

    fn is_hole(&self) -> bool {
        self.attempts == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: u64) -> Entry {
        Entry { sequence, number: sequence, attempts: 1, at: Instant::now(), how: How::After, waits: 0 }
    }

    fn window(sequences: impl IntoIterator<Item = u64>) -> Window {
        let mut window = Window::default();
        sequences.into_iter().for_each(|sequence| window.insert(entry(sequence)));
        window
    }

    fn sequences(window: &Window) -> Vec<u64> {
        window.iter().map(|entry| entry.sequence).collect()
    }

    #[test]
    fn entries_are_found_whatever_the_gaps_between_them() {
        let mut window = window([5, 6, 7, 20, 21, 1_000]);
        assert!([5, 7, 20, 1_000].iter().all(|sequence| window.get(*sequence).is_some()));
        assert!([0, 4, 8, 19, 999, 1_001].iter().all(|sequence| window.get(*sequence).is_none()));
        assert_eq!(window.next_above(7).map(|entry| entry.sequence), Some(20));
        assert!(window.remove(20).is_some() && window.remove(20).is_none());
        assert_eq!(window.next_above(7).map(|entry| entry.sequence), Some(21));
        assert_eq!(window.next_above(1).map(|entry| entry.sequence), Some(5));
        assert!(window.next_above(1_000).is_none());
    }

    #[test]
    fn an_older_entry_takes_its_place() {
        let mut window = window([10, 20, 30]);
        window.remove(20);
        window.insert(entry(15));
        assert_eq!((sequences(&window), window.len()), (vec![10, 15, 30], 3));
    }

    #[test]
    fn holes_are_given_up() {
        let mut window = window(1..=10_000);
        for sequence in 2..10_000 {
            window.remove(sequence);
        }
        assert_eq!((sequences(&window), window.len()), (vec![1, 10_000], 2));
        assert!(window.entries.len() < 100, "{}", window.entries.len());
        window.remove(1);
        window.remove(10_000);
        assert!(window.is_empty() && window.entries.is_empty());
    }
}
