//! The differential test finds wrong backends and shrinks what shows it, and finds nothing between right ones.

#![expect(clippy::expect_used, reason = "a failure here is the test's")]

use pubsub_testkit::MemoryHarness;
use pubsub_testkit::differential::{Differential, DifferentialReport};
use pubsub_testkit::wrong::WrongBackend;

/// Enough to meet each flaw; on virtual time that takes seconds.
const RUNS: u64 = 200;

/// As many operations as it takes to show one of the flaws: a stream, a consumer, messages, and what goes wrong with them.
const FEW: usize = 8;

fn compared_with_memory(name: &str) -> DifferentialReport {
    let wrong =
        WrongBackend::all().iter().find(|wrong| wrong.name() == name).expect("a wrong backend of this name");
    Differential::from_seed(1)
        .with_runs(RUNS)
        .with_lanes(2)
        .compare(MemoryHarness::new, || wrong.over(MemoryHarness::new()), |_| {})
        .expect("memory needs nothing")
}

/// Finds the flaw, and what it prints shows it at its end.
fn finds(name: &str, shown_by: &str) {
    let report = compared_with_memory(name);
    let difference = report.differences.first().expect("the flaw is found");
    assert!(difference.operations.len() <= FEW, "not shrunk: {difference}");
    assert!(difference.operations.len() < difference.original_length);
    let printed = difference.to_string();
    assert!(printed.contains(shown_by), "{printed}");
    assert!(difference.parting().contains("--> memory, layered:"), "{printed}");
}

#[test]
fn a_dedup_that_is_forgotten() {
    finds("forgets dedup", "with id id-");
}

#[test]
fn a_delay_that_is_ignored() {
    finds("ignores nak delay", "nak after");
}

#[test]
fn a_redelivery_after_an_ack() {
    finds("delivers again after an ack", "ack");
}

#[test]
fn an_ack_on_drop() {
    finds("acks on drop", "drop");
}

#[test]
fn another_order() {
    finds("reorders", "fetch up to");
}

#[test]
fn a_right_backend_does_not_differ_from_itself() {
    let report = Differential::from_seed(1)
        .with_runs(RUNS)
        .with_lanes(2)
        .compare(MemoryHarness::new, MemoryHarness::new, |_| {})
        .expect("memory needs nothing");
    assert!(report.differences.is_empty(), "{}", report.differences[0]);
    assert_eq!((report.runs, report.discarded.len()), (RUNS, 0));
    assert_eq!(report.tally.operations().iter().map(|kind| kind.count).sum::<u64>(), RUNS * 40);
    for kind in report.tally.operations() {
        assert!(kind.percent >= 1.0, "{kind:?}: each kind of operation is at least one in a hundred");
    }
}

#[test]
fn a_seed_can_be_repeated() {
    let wrong = compared_with_memory("forgets dedup");
    let first = wrong.differences.first().expect("the flaw is found");
    let again = Differential::from_seed(first.seed)
        .compare(
            MemoryHarness::new,
            || {
                WrongBackend::all()
                    .iter()
                    .find(|wrong| wrong.name() == "forgets dedup")
                    .expect("as before")
                    .over(MemoryHarness::new())
            },
            |_| {},
        )
        .expect("memory needs nothing");
    assert_eq!(again.differences.first().map(ToString::to_string), Some(first.to_string()));
}
