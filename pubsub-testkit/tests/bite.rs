//! The suite catches wrong backends, each by the case that is named for it beforehand; on a right one the same cases
//! pass. `cargo xtask bite` runs all cases on each of them.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pubsub_testkit::wrong::WrongBackend;
use pubsub_testkit::{Case, Filter, Harness as _, MemoryHarness, Outcome, run_suite};

/// The published table.
const TABLE: &str = include_str!("../../docs/conformance/bite.md");

#[test]
fn a_right_backend_passes_every_named_case() {
    let named =
        Filter::only(WrongBackend::all().iter().flat_map(WrongBackend::expected)).expect("they exist");
    let right = run_suite(MemoryHarness::new, &named);
    assert_eq!(right.count(Outcome::Passed), right.cases.len(), "{}", right.table());
}

#[test]
fn every_wrong_backend_is_caught_by_the_named_cases() {
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(wrong) = WrongBackend::all().get(next.fetch_add(1, Ordering::Relaxed)) {
            let cases = Filter::only(wrong.expected()).expect("the cases that are to catch it exist");
            let spoiled = run_suite(|| wrong.over(MemoryHarness::new()), &cases);
            if spoiled.count(Outcome::Failed) < spoiled.cases.len() {
                let slipped = format!("{} ({}): {}", wrong.name(), wrong.flaw(), spoiled.table());
                missed.lock().expect("nobody panics with it").push(slipped);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZeroUsize::get) {
            scope.spawn(work);
        }
    });
    let missed = missed.into_inner().expect("nobody panics with it");
    assert!(missed.is_empty(), "not caught: {missed:#?}");
}

#[test]
fn there_are_many_and_they_are_caught_by_many_cases() {
    let names: BTreeSet<_> = WrongBackend::all().iter().map(WrongBackend::name).collect();
    let named: BTreeSet<_> = WrongBackend::all().iter().map(WrongBackend::caught_by).collect();
    assert_eq!(names.len(), WrongBackend::all().len(), "no name is there twice");
    assert!(names.len() >= 30 && named.len() >= 20, "{} caught by {}", names.len(), named.len());
}

/// The cases that memory cannot run, for want of a wire, a cluster, and credentials. Wrong backends on servers fail them.
const NEED_A_SERVER: [&str; 3] = ["H3", "H4", "H8"];

#[test]
fn every_case_fails_on_some_wrong_backend() {
    let named: BTreeSet<_> = WrongBackend::all().iter().flat_map(WrongBackend::expected).collect();
    let unproven: Vec<_> = Case::all().iter().map(Case::id).filter(|id| !named.contains(id)).collect();
    assert_eq!(unproven, NEED_A_SERVER);
}

#[test]
fn the_published_table_is_of_these_backends() {
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| backend"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let named = |wrong: &WrongBackend| wrong.expected().collect::<Vec<_>>().join(" ");
    let expected: Vec<_> =
        WrongBackend::all().iter().map(|wrong| (wrong.name(), wrong.flaw(), named(wrong))).collect();
    let published: Vec<_> = rows.iter().map(|row| (row[0], row[1], row[2].to_owned())).collect();
    assert_eq!(published, expected, "write it anew: cargo xtask bite --markdown docs/conformance/bite.md");
    for row in &rows {
        let caught: BTreeSet<_> = row[3].split(' ').collect();
        assert!(row[2].split(' ').all(|id| caught.contains(id)), "not caught by a named case: {row:?}");
    }
}

#[test]
fn a_spoiled_backend_says_what_it_is_made_of() {
    let wrong = WrongBackend::all().first().expect("there is one");
    assert_eq!(wrong.over(MemoryHarness::new()).name(), "memory, layered");
}
