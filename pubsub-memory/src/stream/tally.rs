//! How many messages there are by ranges of sequences: [`Tally`].

use std::collections::VecDeque;

/// How many sequences one range covers.
pub(super) const RANGE: u64 = 16_384;

/// Counts by range, so that counting the messages of a long log passes over nearly all of it: ten million in a row are
/// 611 ranges.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Those that have a message, in the order of their numbers.
    ranges: VecDeque<Range>,
    total: u64,
}

#[derive(Debug)]
struct Range {
    number: u64,
    live: u64,
}

impl Tally {
    /// Counts a message that is above all others.
    pub(super) fn add(&mut self, sequence: u64) {
        self.total += 1;
        let number = sequence / RANGE;
        match self.ranges.back_mut() {
            Some(last) if last.number == number => last.live += 1,
            _ => self.ranges.push_back(Range { number, live: 1 }),
        }
    }

    /// Forgets a message that was counted.
    pub(super) fn remove(&mut self, sequence: u64) {
        let number = sequence / RANGE;
        let place = self.ranges.partition_point(|range| range.number < number);
        let Some(range) = self.ranges.get_mut(place).filter(|range| range.number == number) else {
            return;
        };
        range.live -= 1;
        self.total -= 1;
        if range.live == 0 {
            self.ranges.remove(place);
        }
    }

    /// How many messages are in the ranges above that of this sequence. Counted from the nearer end.
    pub(super) fn above(&self, sequence: u64) -> u64 {
        let place = self.ranges.partition_point(|range| range.number <= sequence / RANGE);
        if place < self.ranges.len() / 2 {
            self.total - self.ranges.iter().take(place).map(|range| range.live).sum::<u64>()
        } else {
            self.ranges.iter().skip(place).map(|range| range.live).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_a_range_is_counted() {
        let mut tally = Tally::default();
        let mut plain: Vec<u64> = (0..10 * RANGE).filter(|sequence| sequence % 1_000 < 3).collect();
        plain.iter().for_each(|sequence| tally.add(*sequence));
        for at in (0..plain.len()).rev().filter(|at| at % 5 == 0 || (100..200).contains(at)) {
            tally.remove(plain.remove(at));
        }
        for sequence in (0..11 * RANGE).step_by(1_234) {
            let above = plain.iter().filter(|known| **known / RANGE > sequence / RANGE).count();
            assert_eq!(tally.above(sequence), u64::try_from(above).unwrap(), "{sequence}");
        }
    }

    #[test]
    fn an_empty_range_takes_no_room() {
        let mut tally = Tally::default();
        for sequence in 0..3 * RANGE {
            tally.add(sequence);
        }
        for sequence in RANGE..2 * RANGE {
            tally.remove(sequence);
        }
        assert_eq!((tally.ranges.len(), tally.above(0), tally.above(RANGE)), (2, RANGE, RANGE));
    }
}
