//! What was tried, and how often: [`Tally`].

use std::collections::BTreeMap;

use super::observation::Observation;

/// How often each kind of operation and each kind of answer occurred.
///
/// ```
/// use pubsub_testkit::differential::Tally;
///
/// assert_eq!(Tally::default().operations().len(), 0);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    operations: BTreeMap<String, u64>,
    answers: BTreeMap<String, u64>,
    refusals: BTreeMap<String, u64>,
}

/// How often one kind occurred.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Count {
    /// The kind, in words.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// Which part of all of its sort, in percent.
    pub percent: f64,
}

impl Tally {
    pub(super) fn count(&mut self, operation: &str, seen: &Observation) {
        *self.operations.entry(operation.to_owned()).or_default() += 1;
        for (counts, kinds) in [(&mut self.answers, &seen.answers), (&mut self.refusals, &seen.refusals)] {
            for kind in kinds {
                *counts.entry(kind.clone()).or_default() += 1;
            }
        }
    }

    pub(super) fn know(&mut self, operation: &str) {
        self.operations.entry(operation.to_owned()).or_default();
    }

    pub(super) fn add(&mut self, other: Self) {
        let all = [
            (&mut self.operations, other.operations),
            (&mut self.answers, other.answers),
            (&mut self.refusals, other.refusals),
        ];
        for (counts, others) in all {
            for (kind, count) in others {
                *counts.entry(kind).or_default() += count;
            }
        }
    }

    /// The operations, the most frequent kind first. One operation is on both sides, and counts once.
    #[must_use]
    pub fn operations(&self) -> Vec<Count> {
        in_order(&self.operations)
    }

    /// The answers, the most frequent kind first. An operation on several messages has several; a refusal counts by the
    /// kind of its error.
    #[must_use]
    pub fn answers(&self) -> Vec<Count> {
        in_order(&self.answers)
    }

    /// The refusals among the answers, with JetStream's codes, the most frequent first.
    #[must_use]
    pub fn refusals(&self) -> Vec<Count> {
        in_order(&self.refusals)
    }

    /// The kinds of operations and of answers that were too rare to say much: less than one in a hundred.
    #[must_use]
    pub fn rare(&self) -> Vec<Count> {
        let all = self.operations().into_iter().chain(self.answers());
        all.filter(|kind| kind.percent < 1.0).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share in percent, for people")]
fn in_order(counts: &BTreeMap<String, u64>) -> Vec<Count> {
    let total = counts.values().sum::<u64>().max(1) as f64;
    let share = |count: u64| 100.0 * count as f64 / total;
    let mut counts: Vec<Count> = counts
        .iter()
        .map(|(kind, count)| Count { kind: kind.clone(), count: *count, percent: share(*count) })
        .collect();
    counts.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.kind.cmp(&other.kind)));
    counts
}
