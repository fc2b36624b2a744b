//! What was tried, and how often: [`Tally`].

use std::collections::BTreeMap;

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
    pub(super) fn count(&mut self, operation: &str, answers: &[String]) {
        *self.operations.entry(operation.to_owned()).or_default() += 1;
        for answer in answers {
            *self.answers.entry(answer.clone()).or_default() += 1;
        }
    }

    pub(super) fn know(&mut self, operation: &str) {
        self.operations.entry(operation.to_owned()).or_default();
    }

    pub(super) fn add(&mut self, other: Self) {
        for (kind, count) in other.operations {
            *self.operations.entry(kind).or_default() += count;
        }
        for (kind, count) in other.answers {
            *self.answers.entry(kind).or_default() += count;
        }
    }

    /// The operations, the most frequent kind first. One operation is on both sides, and counts once.
    #[must_use]
    pub fn operations(&self) -> Vec<Count> {
        in_order(&self.operations)
    }

    /// The answers, the most frequent kind first. An operation on several messages has several.
    #[must_use]
    pub fn answers(&self) -> Vec<Count> {
        in_order(&self.answers)
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
