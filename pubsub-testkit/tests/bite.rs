//! The suite catches wrong backends, each by the case that is named for it beforehand; on a right one the same cases
//! pass. `cargo xtask bite` runs all cases on each of them.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use pubsub_testkit::wrong::WrongBackend;
use pubsub_testkit::{Filter, Harness as _, MemoryHarness, Outcome, run_suite};

/// The published table.
const TABLE: &str = include_str!("../../docs/conformance/bite.md");

#[test]
fn a_right_backend_passes_every_named_case() {
    let named = Filter::only(WrongBackend::all().iter().map(WrongBackend::caught_by)).expect("they exist");
    let right = run_suite(MemoryHarness::new, &named);
    assert_eq!(right.count(Outcome::Passed), right.cases.len(), "{}", right.table());
}

#[test]
fn every_wrong_backend_is_caught_by_the_named_case() {
    let mut missed = Vec::new();
    for wrong in WrongBackend::all() {
        let case = Filter::only([wrong.caught_by()]).expect("the case that is to catch it exists");
        let spoiled = run_suite(|| wrong.over(MemoryHarness::new()), &case);
        if !spoiled.failed() {
            missed.push(format!("{} ({}): {}", wrong.name(), wrong.flaw(), spoiled.table()));
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:#?}");
}

#[test]
fn there_are_many_and_they_are_caught_by_many_cases() {
    let names: BTreeSet<_> = WrongBackend::all().iter().map(WrongBackend::name).collect();
    let named: BTreeSet<_> = WrongBackend::all().iter().map(WrongBackend::caught_by).collect();
    assert_eq!(names.len(), WrongBackend::all().len(), "no name is there twice");
    assert!(names.len() >= 30 && named.len() >= 20, "{} caught by {}", names.len(), named.len());
}

#[test]
fn the_published_table_is_of_these_backends() {
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| backend"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let expected: Vec<_> =
        WrongBackend::all().iter().map(|wrong| (wrong.name(), wrong.flaw(), wrong.caught_by())).collect();
    let published: Vec<_> = rows.iter().map(|row| (row[0], row[1], row[2])).collect();
    assert_eq!(published, expected, "write it anew: cargo xtask bite --markdown docs/conformance/bite.md");
    for row in &rows {
        assert!(row[3].split(' ').any(|id| id == row[2]), "not caught by the named case: {row:?}");
    }
}

#[test]
fn a_spoiled_backend_says_what_it_is_made_of() {
    let wrong = WrongBackend::all().first().expect("there is one");
    assert_eq!(wrong.over(MemoryHarness::new()).name(), "memory, layered");
}
