//! What is done to both sides: [`Sequence`].

use std::sync::Arc;

use pubsub_core::Capability;

use super::dice::Dice;
use super::operation::{KINDS, Kind, Operation};
use super::sketch::Sketch;

/// The operations of one run, made from a seed.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    pub(super) seed: u64,
    /// Whether all counters are looked at after each operation. Half of the sequences are not, since looking can itself
    /// bring a lazy backend up to date.
    pub(super) is_watched: bool,
    pub(super) operations: Vec<Arc<dyn Operation>>,
}

impl Sequence {
    /// `one_sided` is what one of the two sides can do and the other cannot: it is left out.
    pub(super) fn generate(seed: u64, length: usize, one_sided: &[Capability]) -> Self {
        let (mut dice, mut sketch) = (Dice::new(seed), Sketch::default());
        sketch.one_sided = one_sided.to_vec();
        let is_watched = dice.percent(50);
        let kinds: Vec<&Kind> = KINDS.iter().filter(|kind| kind.is_common(one_sided)).collect();
        let total = kinds.iter().map(|kind| kind.weight).sum();
        // Nothing can be done without a stream, and little without a consumer.
        let mut operations: Vec<_> = ["create stream", "create consumer", "create consumer", "publish batch"]
            .iter()
            .filter_map(|name| KINDS.iter().find(|kind| kind.name == *name))
            .map(|kind| allowed(kind, &mut dice, &mut sketch))
            .collect();
        while operations.len() < length {
            let kind = choose(&kinds, dice.below(total));
            operations.extend(kind.map(|kind| (kind.generate)(&mut dice, &mut sketch)));
        }
        operations.truncate(length);
        Self { seed, is_watched, operations }
    }

    pub(super) fn with_operations(&self, operations: Vec<Arc<dyn Operation>>) -> Self {
        Self { operations, ..self.clone() }
    }
}

/// The first of a few that a broker would probably not refuse.
fn allowed(kind: &Kind, dice: &mut Dice, sketch: &mut Sketch) -> Arc<dyn Operation> {
    let known = |sketch: &Sketch| (sketch.streams.len(), sketch.consumers.len(), sketch.published);
    let (before, unnamed) = (known(sketch), sketch.unnamed);
    for _ in 0..8 {
        let operation = (kind.generate)(dice, sketch);
        if known(sketch) != before {
            return operation;
        }
        // It is not done, so the next one without a name has its number.
        sketch.unnamed = unnamed;
    }
    (kind.generate)(dice, sketch)
}

fn choose<'a>(kinds: &[&'a Kind], mut at: u64) -> Option<&'a Kind> {
    kinds.iter().copied().find(|kind| match at.checked_sub(kind.weight) {
        Some(rest) => {
            at = rest;
            false
        }
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn shown(sequence: &Sequence) -> Vec<String> {
        sequence.operations.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_seed_gives_the_same_operations_and_another_one_others() {
        let sequence = Sequence::generate(7, 40, &[]);
        assert_eq!(sequence.operations.len(), 40);
        assert_eq!(shown(&sequence), shown(&Sequence::generate(7, 40, &[])));
        assert_ne!(shown(&sequence), shown(&Sequence::generate(8, 40, &[])));
    }

    #[test]
    fn each_kind_is_at_least_one_in_a_hundred() {
        let mut counts = BTreeMap::new();
        for seed in 0..250 {
            for operation in Sequence::generate(seed, 40, &[]).operations {
                *counts.entry(operation.kind()).or_insert(0) += 1;
            }
        }
        for kind in KINDS {
            let count = counts.get(kind.name).copied().unwrap_or(0);
            assert!(count >= 100, "{}: {count} of 10,000", kind.name);
        }
    }
}
