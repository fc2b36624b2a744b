//! What must be true at the end.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

use pubsub::Retention;

use super::Expected;
use super::findings::{ConsumerFindings, Findings, StreamFindings};
use crate::ride_sharing::service::Services;
use crate::ride_sharing::topology::DUPLICATE_WINDOW;

/// Something that must be true at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariant {
    /// Every message of the input, and everything that follows from it, was acked by every service that reads it.
    NothingLost,
    /// The rides service created one ride for each acceptance, no more and no fewer.
    RidesCreatedOnce,
    /// No stream stored a message id twice.
    StoredOnce,
    /// No consumer has anything left to deliver or to settle.
    AllSettled,
    /// Interest streams hold nothing: everybody who was interested has settled.
    InterestStreamsEmpty,
}

impl Display for Invariant {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NothingLost => "nothing is lost",
            Self::RidesCreatedOnce => "each ride is created exactly once",
            Self::StoredOnce => "each message is stored once",
            Self::AllSettled => "every delivery is settled",
            Self::InterestStreamsEmpty => "interest streams are empty at the end",
        })
    }
}

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// Where, and with what.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(invariant: Invariant, detail: impl Into<String>) -> Self {
        Self { invariant, detail: detail.into() }
    }
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.detail)
    }
}

/// Compares what is due with what was found: the broken invariants, and what is worth a note.
pub(crate) fn check(
    expected: &Expected,
    findings: &Findings,
    services: &Services,
) -> (Vec<Violation>, Vec<String>) {
    let mut broken = Vec::new();
    broken.extend(findings.consumers.iter().filter_map(|consumer| lost(expected, consumer)));
    broken.extend(rides(expected.acceptances(), &services.rides.created()));
    // A run that takes longer may meet ids that the streams have forgotten.
    if findings.elapsed < DUPLICATE_WINDOW {
        broken.extend(findings.streams.iter().filter_map(|stream| stored_twice(expected, stream)));
    }
    broken.extend(findings.streams.iter().filter_map(not_empty));
    broken.extend(findings.consumers.iter().filter_map(unsettled));
    (broken, notes(expected, findings))
}

fn lost(expected: &Expected, consumer: &ConsumerFindings) -> Option<Violation> {
    let due = expected.ids(consumer.route.subject);
    let mut missing: Vec<&String> = due.filter(|id| !consumer.acked_ids.contains(*id)).collect();
    missing.sort_unstable();
    let first = missing.first()?;
    let (name, count) = (&consumer.row.consumer, missing.len());
    Some(Violation::new(
        Invariant::NothingLost,
        format!("{name} did not ack {count} messages, `{first}` for one"),
    ))
}

/// One violation for each kind of mistake, with the first match as the example.
fn rides(due: &BTreeMap<String, u64>, created: &BTreeMap<String, u64>) -> Vec<Violation> {
    let times = |id: &String| created.get(id).copied().unwrap_or(0);
    let summary = |what: &str, wrong: Vec<(&String, u64)>| {
        let (first, times) = wrong.first()?;
        let count = wrong.len();
        let detail =
            format!("{count} {what}, match `{first}` for one: {times} rides instead of {}", due.get(*first)?);
        Some(Violation::new(Invariant::RidesCreatedOnce, detail))
    };
    let of = |wrong: fn(u64, u64) -> bool| {
        due.iter().filter(|(id, due)| wrong(times(id), **due)).map(|(id, _)| (id, times(id))).collect()
    };
    [
        summary("accepted matches lack a ride", of(|times, due| times < due)),
        summary("accepted matches have too many rides", of(|times, due| times > due)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Fewer than due is no mistake here: a publish whose confirmation was lost counts as a duplicate when repeated.
fn stored_twice(expected: &Expected, stream: &StreamFindings) -> Option<Violation> {
    let stored = stream.row.published - stream.row.duplicates;
    let due = expected.stored(stream.plan);
    let detail = || format!("{} stored {stored} messages instead of {due}", stream.row.stream);
    (stored > due).then(|| Violation::new(Invariant::StoredOnce, detail()))
}

fn not_empty(stream: &StreamFindings) -> Option<Violation> {
    let held = stream.row.held;
    let broken = stream.plan.retention == Retention::Interest && held > 0;
    let detail = || format!("{} holds {held} messages", stream.row.stream);
    broken.then(|| Violation::new(Invariant::InterestStreamsEmpty, detail()))
}

fn unsettled(consumer: &ConsumerFindings) -> Option<Violation> {
    let pending = consumer.row.pending;
    let detail = || format!("{} has {pending} messages left", consumer.row.consumer);
    (pending > 0).then(|| Violation::new(Invariant::AllSettled, detail()))
}

fn notes(expected: &Expected, findings: &Findings) -> Vec<String> {
    let mut notes = Vec::new();
    let strangers: usize = findings.consumers.iter().map(|consumer| strangers(expected, consumer)).sum();
    if strangers > 0 {
        notes.push(format!("{strangers} acked messages do not come from the input"));
    }
    let repeated = expected.acceptances().values().filter(|times| **times > 1).count();
    if repeated > 0 {
        notes.push(format!("the input accepts {repeated} matches under more than one id"));
    }
    notes
}

fn strangers(expected: &Expected, consumer: &ConsumerFindings) -> usize {
    consumer.acked_ids.iter().filter(|id| !expected.contains(consumer.route.subject, id)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
        pairs.iter().map(|(id, times)| ((*id).to_owned(), *times)).collect()
    }

    fn details(due: &[(&str, u64)], created: &[(&str, u64)]) -> Vec<String> {
        rides(&counts(due), &counts(created)).into_iter().map(|violation| violation.detail).collect()
    }

    #[test]
    fn one_ride_for_each_acceptance_is_right() {
        assert!(details(&[("m-1", 1), ("m-2", 2)], &[("m-1", 1), ("m-2", 2)]).is_empty());
    }

    #[test]
    fn missing_and_doubled_rides_are_told_apart() {
        let details = details(&[("m-1", 1), ("m-2", 1), ("m-3", 1)], &[("m-1", 1), ("m-2", 2)]);
        assert_eq!(
            details,
            [
                "1 accepted matches lack a ride, match `m-3` for one: 0 rides instead of 1",
                "1 accepted matches have too many rides, match `m-2` for one: 2 rides instead of 1",
            ]
        );
    }

    #[test]
    fn rides_of_matches_that_others_accepted_are_left_alone() {
        assert!(details(&[], &[("m-9", 1)]).is_empty());
    }
}
