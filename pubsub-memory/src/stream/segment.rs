//! A run of sequences of the log: [`Segment`].

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use pubsub_core::Headers;

/// How many sequences one segment covers.
pub(super) const SEGMENT: u64 = 512;

const WORDS: usize = 8;
const WORD: usize = 64;

/// A full segment of which no more than this is left keeps only what is left.
const FEW: u64 = 64;

/// The slots of [`SEGMENT`] sequences in a row, those that begin with `number * SEGMENT`.
#[derive(Debug, Default)]
pub(super) struct Segment {
    number: u64,
    /// One for each sequence, or only those with a message, so that a message among thousands that are gone does not keep
    /// the room of all.
    slots: Vec<Option<Slot>>,
    is_dense: bool,
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
        self.is_dense = false;
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
        if !self.is_dense && self.slots.len() < place {
            // Sequences that were skipped leave empty slots.
            self.slots.resize_with(place, || None);
        }
        self.slots.push(Some(slot));
        self.live += 1;
        if let Some(word) = self.occupied.get_mut(place / WORD) {
            *word |= 1 << (place % WORD);
        }
    }

    pub(super) fn get(&self, sequence: u64) -> Option<&Slot> {
        self.slots.get(self.index(place(sequence))?)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut Slot> {
        let index = self.index(place(sequence))?;
        self.slots.get_mut(index)?.as_mut()
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Slot> {
        let place = place(sequence);
        let index = self.index(place)?;
        let slot = self.slots.get_mut(index)?.take()?;
        self.live -= 1;
        if let Some(word) = self.occupied.get_mut(place / WORD) {
            *word &= !(1 << (place % WORD));
        }
        if self.is_dense || (self.live <= FEW && self.slots.len() == WORDS * WORD) {
            self.condense();
        }
        Some(slot)
    }

    /// Keeps the slots that hold a message, and little more room than they need.
    fn condense(&mut self) {
        self.is_dense = true;
        self.slots.retain(Option::is_some);
        if self.slots.capacity() > 4 * self.slots.len() + 8 {
            self.slots.shrink_to(2 * self.slots.len());
        }
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
        let below = sequence.checked_sub(self.begins()).map_or(0, |below| below.min(SEGMENT));
        u64::try_from(self.rank(usize::try_from(below).unwrap_or(WORDS * WORD))).unwrap_or(u64::MAX)
    }

    /// Hands the messages at this sequence or above to `visit`, in order, until it breaks. The sequence may lie before the
    /// segment.
    pub(super) fn visit_from<'a>(
        &'a self,
        sequence: u64,
        mut visit: impl FnMut(u64, &'a Slot) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let begins = self.begins();
        let from = sequence.max(begins);
        if from >= begins + SEGMENT {
            return ControlFlow::Continue(());
        }
        if self.is_dense {
            let mut next = from;
            while let Some((found, slot)) = self.next_from(next) {
                visit(found, slot)?;
                next = found + 1;
                if next >= begins + SEGMENT {
                    break;
                }
            }
            return ControlFlow::Continue(());
        }
        let slots = self.slots.get(place(from)..).unwrap_or_default();
        for (sequence, slot) in (from..).zip(slots) {
            if let Some(slot) = slot {
                visit(sequence, slot)?;
            }
        }
        ControlFlow::Continue(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Slot)> {
        (0..WORDS * WORD).filter_map(|place| self.at(place))
    }

    /// Where the slot of this place is, if it holds a message.
    fn index(&self, place: usize) -> Option<usize> {
        let holds = self.occupied.get(place / WORD)? & (1 << (place % WORD)) != 0;
        holds.then(|| if self.is_dense { self.rank(place) } else { place })
    }

    /// How many messages lie before this place.
    fn rank(&self, place: usize) -> usize {
        let whole = self.occupied.iter().take(place / WORD).map(|word| bit(word.count_ones()));
        let part = self.occupied.get(place / WORD).map_or(0, |word| {
            let word = word & !(u64::MAX << (place % WORD));
            bit(word.count_ones())
        });
        whole.sum::<usize>() + part
    }

    fn begins(&self) -> u64 {
        self.number * SEGMENT
    }

    fn at(&self, place: usize) -> Option<(u64, &Slot)> {
        let slot = self.slots.get(self.index(place)?)?.as_ref()?;
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

    fn segment() -> Segment {
        let mut segment = Segment::default();
        segment.begin(1, true);
        for sequence in SEGMENT..2 * SEGMENT {
            let slot = Slot { payload: Bytes::new(), headers: None, at: sequence, subject: 0, holders: 0 };
            segment.push(sequence, slot);
        }
        segment
    }

    fn check(plain: &[u64], segment: &mut Segment) {
        let all = segment.iter().map(|(sequence, slot)| (sequence, slot.at));
        assert!(all.eq(plain.iter().map(|sequence| (*sequence, *sequence))));
        for from in 0..3 * SEGMENT {
            let next = plain.iter().find(|sequence| **sequence >= from).copied();
            if from < 2 * SEGMENT {
                let found = segment.next_from(from).map(|(sequence, slot)| (sequence, slot.at));
                assert_eq!(found, next.zip(next), "{from}");
            }
            let previous = plain.iter().rfind(|sequence| **sequence <= from).copied();
            assert_eq!(segment.previous_from(from).map(|found| found.0), previous, "{from}");
            let below = plain.iter().filter(|sequence| **sequence < from).count();
            assert_eq!(segment.count_below(from), u64::try_from(below).unwrap(), "{from}");
        }
        for from in [0, SEGMENT, SEGMENT + 63, SEGMENT + 300, 2 * SEGMENT - 1, 2 * SEGMENT] {
            let mut above = Vec::new();
            let _ = segment.visit_from(from, |sequence, slot| {
                above.push((sequence, slot.at));
                ControlFlow::Continue(())
            });
            let expected = plain.iter().filter(|sequence| **sequence >= from);
            assert!(above.into_iter().eq(expected.map(|sequence| (*sequence, *sequence))), "{from}");
        }
        for sequence in SEGMENT..2 * SEGMENT {
            let kept = plain.contains(&sequence).then_some(sequence);
            assert_eq!(segment.get(sequence).map(|slot| slot.at), kept);
            assert_eq!(segment.get_mut(sequence).map(|slot| slot.at), kept);
        }
    }

    #[test]
    fn searching_and_counting_agree_with_a_plain_list() {
        for every in [2, 7, 67, 511] {
            let (mut segment, mut plain) = (segment(), Vec::new());
            for sequence in SEGMENT..2 * SEGMENT {
                if sequence % every == 1 {
                    plain.push(sequence);
                } else {
                    segment.remove(sequence).unwrap();
                }
            }
            assert_eq!(segment.is_dense, plain.len() <= 64);
            check(&plain, &mut segment);
        }
    }

    #[test]
    fn a_message_that_is_left_does_not_keep_the_room_of_all() {
        let mut segment = segment();
        for sequence in (SEGMENT..2 * SEGMENT).filter(|sequence| *sequence != SEGMENT + 300) {
            segment.remove(sequence).unwrap();
        }
        check(&[SEGMENT + 300], &mut segment);
        assert!(segment.slots.capacity() <= 16, "{}", segment.slots.capacity());
    }

    #[test]
    fn a_segment_that_is_used_again_is_as_new() {
        let mut used = segment();
        for sequence in SEGMENT..2 * SEGMENT {
            used.remove(sequence).unwrap();
        }
        used.begin(1, true);
        used.push(
            SEGMENT + 9,
            Slot { payload: Bytes::new(), headers: None, at: SEGMENT + 9, subject: 0, holders: 0 },
        );
        check(&[SEGMENT + 9], &mut used);
        assert!(!used.is_dense);
    }
}
