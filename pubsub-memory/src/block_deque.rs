//! A queue that grows by blocks: [`BlockDeque`].

use std::collections::VecDeque;

/// How many items a block has.
const BLOCK: usize = 256;

/// A queue of small values. It grows and shrinks by a block of 256 at a time, so that a long one is never copied, and
/// takes no more room than what it holds.
#[derive(Debug)]
pub(crate) struct BlockDeque<T> {
    blocks: VecDeque<Vec<T>>,
    /// How many items of the first block are gone.
    gone: usize,
    len: usize,
}

impl<T> Default for BlockDeque<T> {
    fn default() -> Self {
        Self { blocks: VecDeque::new(), gone: 0, len: 0 }
    }
}

impl<T: Copy> BlockDeque<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(crate) fn push_back(&mut self, item: T) {
        match self.blocks.back_mut() {
            Some(last) if last.len() < BLOCK => last.push(item),
            // What has outgrown one block will fill the next; a short queue grows as it needs.
            Some(_) => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(item);
                self.blocks.push_back(block);
            }
            None => self.blocks.push_back(vec![item]),
        }
        self.len += 1;
    }

    #[inline]
    pub(crate) fn front(&self) -> Option<&T> {
        self.blocks.front()?.get(self.gone)
    }

    #[inline]
    pub(crate) fn back(&self) -> Option<&T> {
        self.blocks.back()?.last()
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        let at = self.gone + at;
        self.blocks.get(at / BLOCK)?.get(at % BLOCK)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let at = self.gone + at;
        self.blocks.get_mut(at / BLOCK)?.get_mut(at % BLOCK)
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let item = *self.front()?;
        self.drop_front();
        Some(item)
    }

    /// As [`pop_front`](Self::pop_front), for one that was looked at where it is.
    #[inline]
    pub(crate) fn drop_front(&mut self) {
        if self.len <= 1 {
            self.clear();
            return;
        }
        self.gone += 1;
        self.len -= 1;
        if self.gone == BLOCK {
            self.gone = 0;
            self.blocks.pop_front();
        }
    }

    pub(crate) fn pop_back(&mut self) -> Option<T> {
        let last = self.blocks.back_mut()?;
        let item = last.pop()?;
        let is_empty = last.is_empty();
        self.len -= 1;
        if self.len == 0 {
            self.reset();
        } else if is_empty {
            self.blocks.pop_back();
        }
        Some(item)
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.reset();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten().skip(self.gone)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.blocks.iter_mut().flatten().skip(self.gone)
    }

    /// Keeps those that `keep` says, in their order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let old = std::mem::take(self);
        old.iter().filter(|item| keep(item)).for_each(|item| self.push_back(*item));
    }

    /// The place of the first item for which `is_before` is false; it is true for those before that.
    pub(crate) fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).is_some_and(&is_before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Empty, with one block at hand, since what was used is used again.
    fn reset(&mut self) {
        self.blocks.truncate(1);
        self.blocks.iter_mut().for_each(Vec::clear);
        self.gone = 0;
    }
}

impl<T: Copy> FromIterator<T> for BlockDeque<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut deque = Self::default();
        items.into_iter().for_each(|item| deque.push_back(item));
        deque
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_what_the_standard_deque_does() {
        let (mut deque, mut plain) = (BlockDeque::default(), VecDeque::new());
        let mut random = 7_u64;
        for step in 0..20_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // More pushes in the first half, more pops in the second.
            let pushes = if step < 10_000 { 7 } else { 2 };
            match (random >> 33) % 10 {
                chance if chance < pushes => {
                    deque.push_back(step);
                    plain.push_back(step);
                }
                9 => assert_eq!(deque.pop_back(), plain.pop_back()),
                8 => {
                    deque.drop_front();
                    plain.pop_front();
                }
                _ => assert_eq!(deque.pop_front(), plain.pop_front()),
            }
            assert_eq!(
                (deque.len(), deque.front(), deque.back()),
                (plain.len(), plain.front(), plain.back())
            );
            let at = usize::try_from(random >> 40).unwrap() % (plain.len() + 1);
            assert_eq!(deque.get(at), plain.get(at));
        }
        assert!(deque.iter().eq(plain.iter()));
    }

    #[test]
    fn items_are_searched_and_kept_by_their_order() {
        let mut deque: BlockDeque<u64> = (0..2_000).collect();
        for _ in 0..100 {
            deque.pop_front();
        }
        assert_eq!(deque.partition_point(|item| *item < 777), 677);
        assert_eq!(deque.partition_point(|_| true), deque.len());
        deque.retain(|item| item % 2 == 0);
        assert!(deque.iter().copied().eq((100..2_000).step_by(2)));
    }
}
