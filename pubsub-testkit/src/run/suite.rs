//! The suite as one call: [`run_suite`].

use super::{Filter, run_case};
use crate::case::Case;
use crate::cases::waiting::Waiting;
use crate::harness::{Harness as _, IntoHarness};
use crate::report::{CaseReport, Outcome, Report};

/// Runs cases one after the other, each on a fresh harness, and reports all of them. Blocks; call it outside a runtime.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use pubsub_testkit::{Filter, MemoryHarness, run_suite};
///
/// let report = run_suite(MemoryHarness::new, &Filter::only(["A1"])?);
/// assert!(!report.failed(), "{}", report.table());
/// # }
/// # Ok::<(), pubsub_core::Error>(())
/// ```
pub fn run_suite<H: IntoHarness>(harness: impl Fn() -> H, filter: &Filter) -> Report {
    run_suite_observed(harness, filter, |_| {})
}

/// As [`run_suite`], and hands over each case's report as soon as it is there, for a progress display.
pub fn run_suite_observed<H: IntoHarness>(
    harness: impl Fn() -> H,
    filter: &Filter,
    mut observe: impl FnMut(&CaseReport),
) -> Report {
    let mut report = Report::default();
    if filter.is_all() {
        report.waiting = Waiting::all();
    }
    for case in filter.cases() {
        let ended = match harness().into_harness() {
            Ok(harness) => {
                harness.name().clone_into(&mut report.backend);
                report.server = harness.server();
                run_case(case, harness)
            }
            Err(error) => without_harness(case, &error),
        };
        observe(&ended);
        report.cases.push(ended);
    }
    report
}

pub(super) fn without_harness(case: &Case, error: &str) -> CaseReport {
    let reason = Some(format!("no harness for the case: {error}"));
    CaseReport { id: case.id, name: case.name(), outcome: Outcome::Failed, reason, millis: 0, history: None }
}
