//! A run of sequences of the log: [`Segment`].

use std::sync::Arc;

use bytes::Bytes;
use pubsub_core::Headers;

/// How many sequences one segment covers.
pub(super) const SEGMENT: u64 = 512;

const WORDS: usize = 8;
const WORD: usize = 64;

/// The slots of [`SEGMENT`] sequences in a row, those that begin with `number * SEGMENT`.
#[derive(Debug, Default)]
pub(super) struct Segment {
    number: u64,
    slots: Vec<Option<Slot>>,
    /// A bit for each slot that holds a message, so that empty ones are passed over 64 at a time.
    occupied: [u64; WORDS],
    live: u64,
}

/// One stored message, in 56 bytes.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) payload: Bytes,
    /// Most messages have none.
    pub(super) headers: Option<Arc<Headers>>,
    /// Nanoseconds since the log's first message.
    pub(super) at: u64,
    /// The subject's number in the index.
    pub(super) subject: u32,
    /// Under interest retention: how many consumers have not settled it yet.
    pub(super) holders: u32,
}

impl Segment {
    /// Makes an empty segment the one of this number. One that will be filled gets all its room at once.
    pub(super) fn begin(&mut self, number: u64, will_be_filled: bool) {
        self.number = number;
        self.slots.clear();
        if will_be_filled {
            self.slots.reserve_exact(WORDS * WORD);
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn len(&self) -> u64 {
        self.live
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Adds a message behind all others.
    pub(super) fn push(&mut self, sequence: u64, slot: Slot) {
        let place = place(sequence);
        // Sequences that were skipped leave empty slots.
        self.slots.resize_with(place, || None);
        self.slots.push(Some(slot));
        self.live += 1;
        if let Some(word) = self.occupied.get_mut(place / WORD) {
            *word |= 1 << (place % WORD);
        }
    }

    pub(super) fn get(&self, sequence: u64) -> Option<&Slot> {
        self.slots.get(place(sequence))?.as_ref()
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Slot> {
        self.slots.get_mut(place(sequence))?.as_mut()
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Slot> {
        let place = place(sequence);
        let slot = self.slots.get_mut(place)?.take()?;
        self.live -= 1;
        if let Some(word) = self.occupied.get_mut(place / WORD) {
            *word &= !(1 << (place % WORD));
        }
        Some(slot)
    }

    /// The first message at this sequence or above, which may lie before the segment.
    pub(super) fn next_from(&self, sequence: u64) -> Option<(u64, &Slot)> {
        let from = place(sequence.max(self.begins()));
        let mut words = self.occupied.iter().enumerate().skip(from / WORD);
        let found = words.find_map(|(number, word)| {
            let word = if number == from / WORD { word & (u64::MAX << (from % WORD)) } else { *word };
            (word != 0).then(|| number * WORD + bit(word.trailing_zeros()))
        })?;
        self.at(found)
    }

    /// The last message at this sequence or below, which may lie behind the segment.
    pub(super) fn previous_from(&self, sequence: u64) -> Option<(u64, &Slot)> {
        let to = place(sequence.checked_sub(self.begins())?.min(SEGMENT - 1));
        let mut words = self.occupied.iter().enumerate().take(to / WORD + 1).rev();
        let found = words.find_map(|(number, word)| {
            let word = if number == to / WORD { word & (u64::MAX >> (WORD - 1 - to % WORD)) } else { *word };
            (word != 0).then(|| number * WORD + (WORD - 1) - bit(word.leading_zeros()))
        })?;
        self.at(found)
    }

    /// How many messages lie below this sequence, which may lie before the segment.
    pub(super) fn count_below(&self, sequence: u64) -> u64 {
        let Some(below) = sequence.checked_sub(self.begins()) else { return 0 };
        let below = usize::try_from(below.min(SEGMENT)).unwrap_or(WORDS * WORD);
        let whole = self.occupied.iter().take(below / WORD).map(|word| u64::from(word.count_ones()));
        let part = self.occupied.get(below / WORD).map_or(0, |word| {
            let word = word & !(u64::MAX << (below % WORD));
            u64::from(word.count_ones())
        });
        whole.sum::<u64>() + part
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Slot)> {
        (self.begins()..).zip(&self.slots).filter_map(|(sequence, slot)| Some((sequence, slot.as_ref()?)))
    }

    fn begins(&self) -> u64 {
        self.number * SEGMENT
    }

    fn at(&self, place: usize) -> Option<(u64, &Slot)> {
        let slot = self.slots.get(place)?.as_ref()?;
        Some((self.begins() + u64::try_from(place).ok()?, slot))
    }
}

fn place(sequence: u64) -> usize {
    usize::try_from(sequence % SEGMENT).unwrap_or(usize::MAX)
}

fn bit(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_takes_56_bytes() {
        assert_eq!(size_of::<Option<Slot>>(), 56);
    }

    #[test]
    fn searching_and_counting_agree_with_a_plain_list() {
        let plain: Vec<u64> = (SEGMENT..2 * SEGMENT).filter(|sequence| sequence % 67 == 3).collect();
        let mut segment = Segment::default();
        segment.begin(1, true);
        for sequence in SEGMENT..2 * SEGMENT {
            let slot = Slot { payload: Bytes::new(), headers: None, at: sequence, subject: 0, holders: 0 };
            segment.push(sequence, slot);
        }
        for sequence in (SEGMENT..2 * SEGMENT).filter(|sequence| !plain.contains(sequence)) {
            segment.remove(sequence).unwrap();
        }
        assert!(segment.iter().map(|(sequence, _)| sequence).eq(plain.iter().copied()));
        for from in 0..3 * SEGMENT {
            let next = plain.iter().find(|sequence| **sequence >= from).copied();
            if from < 2 * SEGMENT {
                assert_eq!(
                    segment.next_from(from).map(|(sequence, slot)| (sequence, slot.at)),
                    next.zip(next)
                );
            }
            let previous = plain.iter().rfind(|sequence| **sequence <= from).copied();
            assert_eq!(segment.previous_from(from).map(|found| found.0), previous, "{from}");
            let below = plain.iter().filter(|sequence| **sequence < from).count();
            assert_eq!(segment.count_below(from), u64::try_from(below).unwrap(), "{from}");
        }
    }
}
