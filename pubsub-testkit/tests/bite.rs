//! The suite catches wrong backends, each by the case that is named for it beforehand; on a right one the same cases
//! pass.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use pubsub_testkit::wrong::WrongBackend;
use pubsub_testkit::{Filter, Harness as _, MemoryHarness, Outcome, run_suite};

/// Runs the named case on the spoiled and on the right backend.
fn bites(name: &str) {
    let wrong =
        WrongBackend::all().iter().find(|wrong| wrong.name() == name).expect("a wrong backend of this name");
    let case = Filter::only([wrong.caught_by()]).expect("the case that is to catch it exists");

    let right = run_suite(MemoryHarness::new, &case);
    assert_eq!(right.count(Outcome::Passed), 1, "on true memory: {}", right.table());

    let spoiled = run_suite(|| wrong.over(MemoryHarness::new()), &case);
    assert!(spoiled.failed(), "{name} ({}) was not caught: {}", wrong.flaw(), spoiled.table());
}

#[test]
fn acks_on_drop() {
    bites("acks on drop");
}

#[test]
fn loses_one_in_a_thousand() {
    bites("loses one in a thousand");
}

#[test]
fn delivers_again_after_an_ack() {
    bites("delivers again after an ack");
}

#[test]
fn ignores_nak_delay() {
    bites("ignores nak delay");
}

#[test]
fn reorders() {
    bites("reorders");
}

#[test]
fn forgets_dedup() {
    bites("forgets dedup");
}

#[test]
fn overstates() {
    bites("overstates");
}

#[test]
fn understates() {
    bites("understates");
}

#[test]
fn every_wrong_backend_is_tried_here() {
    let source = include_str!("bite.rs");
    for wrong in WrongBackend::all() {
        assert!(source.contains(&format!("bites(\"{}\")", wrong.name())), "{} is missing here", wrong.name());
    }
}

#[test]
fn a_spoiled_backend_says_what_it_is_made_of() {
    let wrong = WrongBackend::all().first().expect("there is one");
    assert_eq!(wrong.over(MemoryHarness::new()).name(), "memory, layered");
}
