//! The sequences of one subject: [`Sequences`].

use std::collections::VecDeque;

use super::tally::{RANGE, Tally};

/// The most sequences of one block.
const BLOCK: usize = 512;
/// Up to so many blocks are counted one by one.
const MANY: usize = 16;

/// Rising sequences, in 4 bytes each. A removal in the middle moves one block at most.
#[derive(Debug)]
pub(super) struct Sequences {
    /// A subject with one message needs no more than this.
    only: Option<u64>,
    blocks: VecDeque<Block>,
    len: u64,
    /// For a subject with many blocks, so that they need not all be counted.
    tally: Option<Box<Tally>>,
}

#[derive(Debug)]
struct Block {
    begin: u64,
    /// Distances from `begin`.
    distances: VecDeque<u32>,
}

impl Sequences {
    pub(super) fn of(sequence: u64) -> Self {
        Self { only: Some(sequence), blocks: VecDeque::new(), len: 1, tally: None }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends a sequence that is higher than all.
    pub(super) fn push(&mut self, sequence: u64) {
        if self.is_empty() {
            (self.only, self.len, self.tally) = (Some(sequence), 1, None);
            return;
        }
        if let Some(only) = self.only.take() {
            self.append(only);
        }
        self.append(sequence);
        self.len += 1;
        match &mut self.tally {
            Some(tally) => tally.add(sequence),
            None if self.blocks.len() > MANY => {
                let mut tally = Box::<Tally>::default();
                self.iter().for_each(|sequence| tally.add(sequence));
                self.tally = Some(tally);
            }
            None => {}
        }
    }

    fn append(&mut self, sequence: u64) {
        if let Some(last) = self.blocks.back_mut()
            && last.distances.len() < BLOCK
            && let Ok(distance) = u32::try_from(sequence - last.begin)
        {
            last.distances.push_back(distance);
            return;
        }
        // A subject that has filled a block will fill the next; one with few messages grows as it needs.
        let capacity = if self.blocks.is_empty() { 2 } else { BLOCK };
        let mut distances = VecDeque::with_capacity(capacity);
        distances.push_back(0);
        self.blocks.push_back(Block { begin: sequence, distances });
    }

    pub(super) fn remove(&mut self, sequence: u64) {
        if self.only == Some(sequence) {
            self.only = None;
            self.len = 0;
            return;
        }
        let number = self.block_of(sequence);
        let Some(block) = self.blocks.get_mut(number) else { return };
        let Some(distance) = sequence.checked_sub(block.begin).and_then(|far| u32::try_from(far).ok()) else {
            return;
        };
        // The oldest goes first, but for acks out of order and deletions.
        if block.distances.front() == Some(&distance) {
            block.distances.pop_front();
        } else if let Ok(at) = block.distances.binary_search(&distance) {
            block.distances.remove(at);
        } else {
            return;
        }
        if block.distances.is_empty() {
            self.blocks.remove(number);
        }
        self.len -= 1;
        if let Some(tally) = &mut self.tally {
            tally.remove(sequence);
        }
    }

    pub(super) fn first(&self) -> Option<u64> {
        let block = || self.blocks.front();
        self.only.or_else(|| Some(block()?.begin + u64::from(*block()?.distances.front()?)))
    }

    pub(super) fn last(&self) -> Option<u64> {
        let block = || self.blocks.back();
        self.only.or_else(|| Some(block()?.begin + u64::from(*block()?.distances.back()?)))
    }

    /// The first at this one or above.
    pub(super) fn next_from(&self, from: u64) -> Option<u64> {
        if self.only.is_some() {
            return self.only.filter(|only| *only >= from);
        }
        let number = self.block_of(from);
        let within = self.blocks.get(number).and_then(|block| {
            let at = block.place_from(from);
            Some(block.begin + u64::from(*block.distances.get(at)?))
        });
        within.or_else(|| {
            let next = self.blocks.get(number + 1)?;
            Some(next.begin + u64::from(*next.distances.front()?))
        })
    }

    /// How many there are at this one or above.
    pub(super) fn count_from(&self, from: u64) -> u64 {
        if let Some(only) = self.only {
            return u64::from(only >= from);
        }
        let number = self.block_of(from);
        let (end, above) = match &self.tally {
            Some(tally) => ((from / RANGE + 1).saturating_mul(RANGE), tally.above(from)),
            None => (u64::MAX, 0),
        };
        let near = self.blocks.iter().skip(number).take_while(|block| block.begin < end);
        above + near.map(|block| block.count_between(from, end)).sum::<u64>()
    }

    /// All, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        let blocks = self.blocks.iter();
        let in_blocks =
            blocks.flat_map(|block| block.distances.iter().map(|far| block.begin + u64::from(*far)));
        self.only.into_iter().chain(in_blocks)
    }

    /// The last block that begins at this sequence or below; the first one if none does.
    fn block_of(&self, sequence: u64) -> usize {
        self.blocks.partition_point(|block| block.begin <= sequence).saturating_sub(1)
    }
}

impl Block {
    /// How many there are from this one up to, and without, that one; `u64::MAX` stands for no end.
    fn count_between(&self, from: u64, end: u64) -> u64 {
        let below_end = if end == u64::MAX { self.distances.len() } else { self.place_from(end) };
        count(below_end.saturating_sub(self.place_from(from)))
    }

    /// The place of the first that is at this sequence or above.
    fn place_from(&self, from: u64) -> usize {
        let Some(distance) = from.checked_sub(self.begin) else { return 0 };
        self.distances.partition_point(|known| u64::from(*known) < distance)
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences(all: &[u64]) -> Sequences {
        let mut sequences = Sequences::of(all[0]);
        all[1..].iter().for_each(|sequence| sequences.push(*sequence));
        sequences
    }

    #[test]
    fn searching_and_counting_agree_with_a_plain_list() {
        let mut plain: Vec<u64> =
            (0..30_000).map(|number| number * 3 + number / 10_000 * (1 << 33)).collect();
        let mut sequences = sequences(&plain);
        for at in (0..plain.len()).rev().filter(|at| at % 7 == 0 || (6_000..15_000).contains(at)) {
            sequences.remove(plain.remove(at));
            sequences.remove(1);
        }
        assert_eq!((sequences.first(), sequences.last()), (plain.first().copied(), plain.last().copied()));
        assert_eq!(sequences.len(), count(plain.len()));
        assert!(sequences.iter().eq(plain.iter().copied()));
        let around = plain.iter().flat_map(|sequence| sequence.saturating_sub(1)..sequence + 3);
        for from in around.step_by(7).chain([u64::MAX]) {
            let below = plain.partition_point(|sequence| *sequence < from);
            assert_eq!(sequences.next_from(from), plain.get(below).copied(), "{from}");
            let above = plain.len() - below;
            assert_eq!(sequences.count_from(from), count(above), "{from}");
        }
    }

    #[test]
    fn one_message_comes_and_goes() {
        let mut one = Sequences::of(7);
        assert_eq!(
            (one.first(), one.last(), one.next_from(8), one.count_from(7)),
            (Some(7), Some(7), None, 1)
        );
        one.remove(8);
        one.remove(7);
        assert!(one.is_empty() && one.first().is_none());
        one.push(9);
        assert_eq!((one.first(), one.last(), one.len(), one.count_from(9)), (Some(9), Some(9), 1, 1));
        let mut many = sequences(&(0..20_000).collect::<Vec<_>>());
        (0..20_000).for_each(|sequence| many.remove(sequence));
        many.push(20_001);
        assert!(many.iter().eq([20_001]) && many.count_from(0) == 1 && many.blocks.is_empty());
        let mut two = sequences(&[7, 9]);
        two.remove(7);
        two.push(10);
        assert_eq!((two.first(), two.last(), two.len()), (Some(9), Some(10), 2));
    }
}
