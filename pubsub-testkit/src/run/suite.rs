//! The suite as one call: [`run_suite`].

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Filter, run_case};
use crate::case::Case;
use crate::cases::waiting::Waiting;
use crate::harness::{Clock, Harness as _, IntoHarness};
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
    let mut report = begun(filter);
    for case in filter.cases() {
        let (ended, told) = one(case, harness());
        observe(&ended);
        add(&mut report, ended, told);
    }
    report
}

/// As [`run_suite_observed`], with several cases at once, each on a thread and a harness of its own. 0 = as many as suit the
/// clock: one for each core on virtual time, and half as many again on a real one, where a case waits most of its time.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use pubsub_testkit::{Filter, MemoryHarness, run_suite_side_by_side};
///
/// let report = run_suite_side_by_side(MemoryHarness::new, &Filter::only(["B1", "A1"])?, 2, |case| {
///     eprintln!("{}: {}", case.id, case.outcome);
/// });
/// assert_eq!(report.cases.iter().map(|case| case.id).collect::<Vec<_>>(), ["A1", "B1"]);
/// # }
/// # Ok::<(), pubsub_core::Error>(())
/// ```
pub fn run_suite_side_by_side<H: IntoHarness>(
    harness: impl Fn() -> H + Sync,
    filter: &Filter,
    parallel: usize,
    observe: impl FnMut(&CaseReport) + Send,
) -> Report {
    let parallel = if parallel == 0 { suits(&harness) } else { parallel };
    let (next, cases) = (AtomicUsize::new(0), filter.cases().collect::<Vec<_>>());
    let gathered = Mutex::new((begun(filter), observe));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (ended, told) = one(case, harness());
            let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
            let (report, observe) = &mut *gathered;
            observe(&ended);
            add(report, ended, told);
        }
    };
    thread::scope(|scope| {
        for _ in 0..parallel {
            scope.spawn(work);
        }
    });
    let (mut report, _) = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    let place = |ended: &CaseReport| cases.iter().position(|case| case.id == ended.id);
    report.cases.sort_by_key(place);
    report
}

/// How many cases suit the clock of these harnesses.
pub(super) fn suits<H: IntoHarness>(harness: impl Fn() -> H) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    match harness().into_harness().map(|harness| harness.clock()) {
        Ok(Clock::Real) => cores + cores.div_ceil(2),
        Ok(Clock::Virtual) | Err(_) => cores,
    }
}

/// The backend's name and its server.
type Told = (String, Option<String>);

fn begun(filter: &Filter) -> Report {
    let waiting = if filter.is_all() { Waiting::all() } else { &[] };
    Report { waiting, ..Report::default() }
}

fn one<H: IntoHarness>(case: &'static Case, harness: H) -> (CaseReport, Option<Told>) {
    match harness.into_harness() {
        Ok(harness) => {
            let told = (harness.name().to_owned(), harness.server());
            (run_case(case, harness), Some(told))
        }
        Err(error) => (without_harness(case, &error), None),
    }
}

fn add(report: &mut Report, ended: CaseReport, told: Option<Told>) {
    if let Some(told) = told {
        (report.backend, report.server) = told;
    }
    report.cases.push(ended);
}

pub(super) fn without_harness(case: &Case, error: &str) -> CaseReport {
    let reason = Some(format!("no harness for the case: {error}"));
    CaseReport { id: case.id, name: case.name(), outcome: Outcome::Failed, reason, millis: 0, history: None }
}
