//! A set of consumers by their slots: [`Slots`].

use std::collections::BTreeSet;

/// Up to so many are kept in a list.
const FEW: usize = 8;

/// Slots in their order. Most streams have few consumers, which come and go with nearly every operation: those take no
/// memory from the heap each time.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// In order. Empty while there are many.
    few: Vec<usize>,
    many: BTreeSet<usize>,
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.few.is_empty() && self.many.is_empty()
    }

    pub(super) fn contains(&self, slot: usize) -> bool {
        self.few.contains(&slot) || self.many.contains(&slot)
    }

    pub(super) fn insert(&mut self, slot: usize) {
        if !self.many.is_empty() {
            self.many.insert(slot);
            return;
        }
        if let Err(place) = self.few.binary_search(&slot) {
            if self.few.len() < FEW {
                self.few.insert(place, slot);
            } else {
                self.many.extend(self.few.drain(..));
                self.many.insert(slot);
            }
        }
    }

    /// Returns whether it was there.
    pub(super) fn remove(&mut self, slot: usize) -> bool {
        match self.few.binary_search(&slot) {
            Ok(place) => {
                self.few.remove(place);
                true
            }
            Err(_) => self.many.remove(&slot),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.few.iter().chain(&self.many).copied()
    }

    /// Takes the lowest one out.
    pub(super) fn pop_first(&mut self) -> Option<usize> {
        if self.few.is_empty() { self.many.pop_first() } else { Some(self.few.remove(0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_what_the_standard_set_does() {
        let (mut slots, mut plain) = (Slots::default(), BTreeSet::new());
        let mut random = 7_u64;
        for step in 0..20_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let slot = usize::try_from((random >> 40) % 24).unwrap();
            // It grows and shrinks past the few again and again.
            let grows = (step / 100) % 2 == 0;
            match (random >> 33) % 10 {
                9 if step % 7 == 0 => assert_eq!(slots.pop_first(), plain.pop_first()),
                chance if (chance < 7) == grows => {
                    slots.insert(slot);
                    plain.insert(slot);
                }
                _ => assert_eq!(slots.remove(slot), plain.remove(&slot)),
            }
            assert_eq!((slots.len(), slots.is_empty()), (plain.len(), plain.is_empty()));
            assert_eq!(slots.contains(slot), plain.contains(&slot));
            assert!(slots.iter().eq(plain.iter().copied()), "step {step}");
        }
    }
}
