//! Makes each call, and drops it a poll later each time.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use pubsub_core::{Error, ErrorKind, Result};

use super::afterwards;
use super::calls::{CALLS, Call};
use super::cut::{Cut, Moment};
use super::report::{CancellationReport, CutCall};
use super::scene::Scene;
use crate::check::{CaseResult, Failure};
use crate::expected::Expected;
use crate::harness::{Harness, IntoHarness};
use crate::judge::{self, Rule};
use crate::run::{no_task_is_left, on_its_clock};
use crate::trial::Trial;

/// After so many polls a call is not looked at any further.
const MOST_POLLS: usize = 60;

/// How often in a row a call has to end by itself until it is taken that there is no place left where it could be dropped: on
/// a real clock it does not wait as often each time.
const ENDS_IN_A_ROW: usize = 3;

/// What is wrong at one place is wrong at the next; a few say enough.
const ENOUGH_FINDINGS: usize = 3;

/// How many calls are looked at at once for each processor: on a real clock most of their time is waited.
const LANES: usize = 3;

/// How one attempt ended.
enum Ended {
    /// The backend lacks what the call needs, and its harness may object to that.
    Lacks(Option<String>),
    /// Dropped.
    Cut,
    /// The call ended by itself, so that later cuts would find nothing new.
    Itself,
}

/// Drops the calls of these names everywhere.
pub(super) fn drive<H: IntoHarness>(
    make: impl Fn() -> H + Sync,
    concerns: impl Fn(&str) -> bool,
) -> Result<CancellationReport> {
    let made = || make().into_harness().map_err(|reason| Error::new(ErrorKind::Unavailable, reason));
    let name = made()?.name().to_owned();
    let calls: Vec<_> = CALLS.iter().filter(|call| concerns(call.name)).collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::<Vec<(usize, CutCall)>>::default());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(call) = calls.get(number) else { return };
            let cut = all_cuts(call.name, |polls, moment| one_cut(call, &made, polls, moment));
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

/// Drops a call later and later, at both moments, until it has ended by itself often enough.
fn all_cuts(call: &'static str, mut attempt: impl FnMut(usize, Moment) -> Result<Ended, String>) -> CutCall {
    let mut report = CutCall { call, cuts: 0, supported: true, findings: Vec::new() };
    let mut ended_in_a_row = 0;
    // Before its first poll nothing can wake it.
    let later = (1..MOST_POLLS).flat_map(|polls| [(polls, Moment::Waiting), (polls, Moment::Woken)]);
    for (polls, moment) in std::iter::once((0, Moment::Waiting)).chain(later) {
        match attempt(polls, moment) {
            Ok(Ended::Lacks(objection)) => {
                report.supported = false;
                report.findings.extend(objection);
                return report;
            }
            Ok(Ended::Cut) => {
                report.cuts += 1;
                ended_in_a_row = 0;
            }
            Ok(Ended::Itself) => {
                ended_in_a_row += 1;
                if ended_in_a_row == ENDS_IN_A_ROW {
                    return report;
                }
            }
            Err(reason) => {
                report.cuts += 1;
                let when = match moment {
                    Moment::Waiting => "dropped",
                    Moment::Woken => "dropped when it was woken",
                };
                report.findings.push(format!("{when} after {polls} polls: {reason}"));
                if report.findings.len() == ENOUGH_FINDINGS {
                    return report;
                }
            }
        }
    }
    report.findings.push(format!("it has not ended after {MOST_POLLS} polls"));
    report
}

fn one_cut<H: Harness>(
    call: &'static Call,
    made: &impl Fn() -> Result<H>,
    polls: usize,
    moment: Moment,
) -> Result<Ended, String> {
    let harness = made().map_err(|error| error.to_string())?;
    let (clock, harness) = (harness.clock(), Arc::new(harness) as Arc<dyn Harness>);
    on_its_clock(call.name, clock, move || attempt(call, harness, polls, moment))?
}

async fn attempt(
    call: &'static Call,
    harness: Arc<dyn Harness>,
    polls: usize,
    moment: Moment,
) -> Result<Ended, String> {
    let expected = harness.expected();
    let in_words = |failure: Failure| failure.to_string();
    let trial = Trial::begin(harness, "cut").await.map_err(in_words)?;
    let outcome = on(&trial, call, &expected, polls, moment)
        .await
        .map_err(|failure| trial.shorten(&failure.to_string()));
    let ended = trial.end().await.map_err(in_words);
    let outcome = outcome?;
    ended?;
    no_task_is_left().await.map_err(in_words)?;
    Ok(outcome)
}

async fn on(
    trial: &Trial,
    call: &'static Call,
    expected: &Expected,
    polls: usize,
    moment: Moment,
) -> CaseResult<Ended> {
    if call.needs.iter().any(|capability| !trial.has(*capability)) {
        return Ok(Ended::Lacks(expected.objects_to_declared(call.needs, trial.capabilities())));
    }
    let (scene, cut) = (Scene::set(trial).await?, Cut::after(polls, moment, trial.ack_wait() * 2));
    (call.make)(&scene, &cut).await?;
    afterwards::everything_goes_on(&scene, call.leaves).await?;
    if call.judged {
        let events = trial.history().events();
        let violations = judge::judge(&events, &[Rule::HasTraffic]);
        if !violations.is_empty() {
            return Err(Failure::without_place(judge::report(&violations, &events)));
        }
    }
    Ok(if cut.ended() { Ended::Itself } else { Ended::Cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lucky_run_does_not_end_the_search() {
        // On the second poll it is quick by chance; on the fifth something is wrong.
        let report = all_cuts("some", |polls, _| match polls {
            2 | 7.. => Ok(Ended::Itself),
            5 => Err("lost".to_owned()),
            _ => Ok(Ended::Cut),
        });
        assert_eq!(report.findings.len(), 2, "{:?}", report.findings);
        assert_eq!(report.cuts, 1 + 2 + 2 * 4);
    }

    #[test]
    fn a_call_that_never_ends_is_found() {
        let report = all_cuts("some", |_, _| Ok(Ended::Cut));
        assert_eq!(report.findings, [format!("it has not ended after {MOST_POLLS} polls")]);
    }

    #[test]
    fn a_capability_that_got_lost_is_found() {
        let report = all_cuts("some", |_, _| Ok(Ended::Lacks(Some("not declared".to_owned()))));
        assert_eq!((report.supported, report.findings.len()), (false, 1));
    }
}
