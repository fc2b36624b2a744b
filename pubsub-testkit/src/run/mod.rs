//! Runs cases: one ([`run_case`]), all or some ([`run_suite`]), or one as a test ([`run_as_test`]).

mod filter;
mod histories;
mod leaks;
mod limits;
#[cfg(feature = "main")]
mod main_function;
mod stress;
mod suite;
mod test;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt as _;
use pubsub_core::Capability;
use tokio::runtime::{Builder, Runtime};

pub use filter::Filter;
pub use histories::histories_directory;
pub(crate) use leaks::no_task_is_left;
#[cfg(feature = "main")]
pub use main_function::run_as_main;
pub use stress::{Stress, StressCase, StressReport};
pub use suite::{run_suite, run_suite_observed, run_suite_side_by_side};
pub use test::run_as_test;

use crate::case::Case;
use crate::check::{CaseResult, Failure};
use crate::expected::Expected;
use crate::harness::{Clock, Harness};
use crate::history::timeline;
use crate::judge;
use crate::report::{CaseReport, Outcome};
use crate::trial::Trial;
use crate::twin;
use histories::Kept;
use limits::{in_real_time, in_virtual_time};

/// Runs one case on a fresh harness, on a thread and a runtime of its own.
pub(crate) fn run_case<H: Harness>(case: &'static Case, harness: H) -> CaseReport {
    let began = Instant::now();
    let harness: Arc<dyn Harness> = Arc::new(harness);
    let clock = harness.clock();
    let (backend, server) = (harness.name().to_owned(), harness.server());
    let kept = Arc::new(Kept::default());
    let keeping = Arc::clone(&kept);
    let verdict = on_its_clock(case.test, clock, move || verdict(case, harness, keeping));
    let (outcome, reason) = verdict.unwrap_or_else(|reason| (Outcome::Failed, reason));
    let history = (outcome == Outcome::Failed).then(|| kept.history(case, &backend, server)).flatten();
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    CaseReport {
        id: case.id,
        name: case.name(),
        outcome,
        reason: Some(reason).filter(|text| !text.is_empty()),
        millis,
        history,
    }
}

fn runtime(clock: Clock) -> std::io::Result<Runtime> {
    match clock {
        Clock::Virtual => Builder::new_current_thread().enable_all().start_paused(true).build(),
        Clock::Real => Builder::new_multi_thread().worker_threads(2).enable_all().build(),
    }
}

/// Runs something on a runtime and a thread of its own, with the time limits of a case.
pub(crate) fn on_its_clock<T, F>(
    name: &str,
    clock: Clock,
    body: impl FnOnce() -> F + Send + 'static,
) -> Result<T, String>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let run = move || {
        let runtime = runtime(clock).map_err(|error| format!("no runtime: {error}"))?;
        let outcome = runtime.block_on(in_virtual_time(body()));
        // A task that a backend has left must not hold the thread.
        runtime.shutdown_background();
        outcome
    };
    in_real_time(name, run)?
}

/// The outcome, and its reason in words; empty for a passed case.
async fn verdict(case: &'static Case, harness: Arc<dyn Harness>, kept: Arc<Kept>) -> (Outcome, String) {
    // A panic of the case, or of the backend on the case's own task.
    match AssertUnwindSafe(attempt_and_look(case, harness, &kept)).catch_unwind().await {
        Ok(Ok((outcome, reason))) => (outcome, reason),
        Ok(Err(failure)) => (Outcome::Failed, failure.to_string()),
        Err(panic) => (Outcome::Failed, format!("panicked: {}", limits::words_of(panic.as_ref()))),
    }
}

/// The case, and what must hold afterwards: what its harness expects, and that no task is left.
async fn attempt_and_look(
    case: &'static Case,
    harness: Arc<dyn Harness>,
    kept: &Kept,
) -> CaseResult<(Outcome, String)> {
    let expected = harness.expected();
    let (outcome, reason) = match attempt(case, harness, &expected, kept).await {
        Err(failure) if failure.is_skip() => {
            if let Some(objection) = expected.objects_to_missing_fault(case) {
                return Err(Failure::without_place(format!("{objection}: {failure}")));
            }
            (Outcome::Skipped, failure.to_string())
        }
        Err(failure) => return Err(failure),
        Ok((outcome, reason)) => {
            if let Some(objection) = expected.objects_to_skip(case, outcome == Outcome::Skipped) {
                return Err(Failure::without_place(format!("{objection}: {reason}")));
            }
            (outcome, reason)
        }
    };
    no_task_is_left().await?;
    Ok((outcome, reason))
}

async fn attempt(
    case: &'static Case,
    harness: Arc<dyn Harness>,
    expected: &Expected,
    kept: &Kept,
) -> CaseResult<(Outcome, String)> {
    let trial = Trial::begin(harness, case.id).await?;
    kept.keep(trial.judged_history(), Vec::new());
    if trial.broker().admin().is_none() {
        return Ok((
            Outcome::Skipped,
            "the backend has no StreamAdmin, with which cases make their streams".to_owned(),
        ));
    }
    if let Some(objection) = expected.objects_to(case, trial.capabilities()) {
        return Err(Failure::without_place(objection));
    }
    let missing = case.needs.iter().copied().find(|capability| !trial.has(*capability));
    let outcome = match missing {
        None => run_body(case, &trial, kept).await.map(|()| (Outcome::Passed, trial.excuses_in_words())),
        Some(capability) => refused(&trial, capability).await,
    };
    match (outcome, trial.end().await) {
        (Ok(outcome), Ok(())) => Ok(outcome),
        (Err(skip), Err(failure)) if skip.is_skip() => Err(failure),
        (Err(failure), _) | (Ok(_), Err(failure)) => Err(failure),
    }
}

/// The case, and then what must hold of every history.
async fn run_body(case: &Case, trial: &Trial, kept: &Kept) -> CaseResult {
    let outcome = match (case.run)(trial).await {
        Err(failure) if failure.is_skip() => return Err(failure),
        outcome => outcome,
    };
    kept.keep(trial.judged_history(), trial.excused());
    let events = trial.judged_history().events();
    // A case that has failed may have ended before it had traffic.
    let excused = if outcome.is_ok() {
        // Without traffic nothing is proven, whatever the case says.
        trial.excused().into_iter().filter(|rule| *rule != judge::Rule::HasTraffic).collect()
    } else {
        vec![judge::Rule::HasTraffic, judge::Rule::NothingLost]
    };
    let violations = judge::judge(&events, &excused);
    let report = judge::report(&violations, &events);
    let failure = match outcome {
        Ok(()) if violations.is_empty() => return Ok(()),
        Ok(()) => report,
        Err(failure) if violations.is_empty() => {
            format!("{failure}\nthe last events:\n{}", timeline::last(&events))
        }
        Err(failure) => format!("{failure}\n{report}"),
    };
    Err(Failure::without_place(trial.shorten(&failure)))
}

async fn refused(trial: &Trial, capability: Capability) -> CaseResult<(Outcome, String)> {
    if !twin::exists(capability) {
        return Ok((
            Outcome::Skipped,
            format!("needs `{capability}`, for which this kit has no negative twin"),
        ));
    }
    twin::is_refused(trial, capability).await?;
    Ok((
        Outcome::Refused,
        format!("needs `{capability}`, which the backend does not declare and refuses as it should"),
    ))
}
