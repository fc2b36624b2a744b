//! Makes each call, and drops it a poll later each time.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use pubsub_core::{Error, ErrorKind, Result};

use super::afterwards;
use super::calls::{CALLS, Call};
use super::cut::Cut;
use super::report::{CancellationReport, CutCall};
use super::scene::Scene;
use crate::check::{CaseResult, Failure};
use crate::harness::{Harness, IntoHarness};
use crate::judge::{self, Rule};
use crate::run::{no_task_is_left, on_its_clock};
use crate::trial::Trial;

/// After so many polls a call is not looked at any further.
const MOST_POLLS: usize = 60;

/// How many calls are looked at at once for each processor: on a real clock most of their time is waited.
const LANES: usize = 3;

/// How one attempt ended.
enum Ended {
    /// The backend lacks what the call needs.
    Lacks,
    /// Dropped.
    Cut,
    /// The call ended by itself, so that later cuts would find nothing new.
    Itself,
}

pub(super) fn drive<H: IntoHarness>(make: impl Fn() -> H + Sync) -> Result<CancellationReport> {
    let made = || make().into_harness().map_err(|reason| Error::new(ErrorKind::Unavailable, reason));
    let name = made()?.name().to_owned();
    let (next, found) = (AtomicUsize::new(0), Mutex::<Vec<(usize, CutCall)>>::default());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(call) = CALLS.get(number) else { return };
            let cut = all_cuts(call, &made);
            found.lock().unwrap_or_else(PoisonError::into_inner).push((number, cut));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZeroUsize::get) * LANES {
            scope.spawn(work);
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_unstable_by_key(|(number, _)| *number);
    Ok(CancellationReport { backend: name, calls: found.into_iter().map(|(_, call)| call).collect() })
}

fn all_cuts<H: Harness>(call: &'static Call, made: &impl Fn() -> Result<H>) -> CutCall {
    let mut report = CutCall { call: call.name, cuts: 0, supported: true, findings: Vec::new() };
    for polls in 0..MOST_POLLS {
        let attempt = match made() {
            Ok(harness) => {
                let (clock, harness) = (harness.clock(), Arc::new(harness) as Arc<dyn Harness>);
                on_its_clock(call.name, clock, move || attempt(call, harness, polls))
            }
            Err(error) => Err(error.to_string()),
        };
        match attempt {
            Ok(Ok(Ended::Lacks)) => {
                report.supported = false;
                return report;
            }
            Ok(Ok(Ended::Cut)) => report.cuts += 1,
            Ok(Ok(Ended::Itself)) => return report,
            Ok(Err(reason)) | Err(reason) => {
                report.cuts += 1;
                report.findings.push(format!("dropped after {polls} polls: {reason}"));
                // What is wrong at one place is wrong at the next; a few say enough.
                if report.findings.len() == 3 {
                    return report;
                }
            }
        }
    }
    report.findings.push(format!("it has not ended after {MOST_POLLS} polls"));
    report
}

async fn attempt(call: &'static Call, harness: Arc<dyn Harness>, polls: usize) -> Result<Ended, String> {
    let in_words = |failure: Failure| failure.to_string();
    let trial = Trial::begin(harness, "cut").await.map_err(in_words)?;
    let outcome = on(&trial, call, polls).await.map_err(|failure| trial.shorten(&failure.to_string()));
    let ended = trial.end().await.map_err(in_words);
    let outcome = outcome?;
    ended?;
    no_task_is_left().await.map_err(in_words)?;
    Ok(outcome)
}

async fn on(trial: &Trial, call: &'static Call, polls: usize) -> CaseResult<Ended> {
    if call.needs.iter().any(|capability| !trial.has(*capability)) {
        return Ok(Ended::Lacks);
    }
    let (scene, cut) = (Scene::set(trial).await?, Cut::after(polls));
    (call.make)(&scene, &cut).await?;
    afterwards::everything_goes_on(&scene).await?;
    if call.judged {
        let events = trial.history().events();
        let violations = judge::judge(&events, &[Rule::HasTraffic]);
        if !violations.is_empty() {
            return Err(Failure::without_place(judge::report(&violations, &events)));
        }
    }
    Ok(if cut.ended() { Ended::Itself } else { Ended::Cut })
}
