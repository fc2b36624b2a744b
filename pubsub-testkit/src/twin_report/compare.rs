//! Asks two backends everything: [`compare`].

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use pubsub_core::{Error, ErrorKind, Result};

use super::answers::Answers;
use super::probes::{PROBES, Probe};
use super::report::{TwinLine, TwinReport};
use crate::check::CaseResult;
use crate::harness::{Harness, IntoHarness};
use crate::run::on_its_clock;
use crate::trial::Trial;

/// How many probes run at once for each processor: on a real clock most of their time is waited.
const LANES: usize = 4;

/// What one backend says to one probe: what it lacks for it, or questions and answers.
enum Said {
    Lacks(String),
    Answers(Vec<(String, String)>),
}

/// A backend's name and what it said, in the order of the probes.
struct Side {
    name: String,
    said: Vec<Said>,
}

pub(super) fn compare<R: IntoHarness, S: IntoHarness>(
    reference: impl Fn() -> R + Sync,
    subject: impl Fn() -> S + Sync,
) -> Result<TwinReport> {
    let (reference, subject) = (ask(reference)?, ask(subject)?);
    let mut report = TwinReport::new(reference.name, subject.name);
    for (probe, (right, found)) in PROBES.iter().zip(reference.said.into_iter().zip(subject.said)) {
        match (right, found) {
            (Said::Answers(right), Said::Answers(found)) => add(&mut report, probe, right, found),
            (Said::Lacks(reason), Said::Lacks(_)) => {
                report.left_out.push(format!("{}: neither has {reason}", probe.name));
            }
            (Said::Lacks(reason), Said::Answers(_)) => {
                report.left_out.push(format!("{}: {} has no {reason}", probe.name, report.reference));
            }
            (Said::Answers(_), Said::Lacks(reason)) => {
                report.left_out.push(format!("{}: {} has no {reason}", probe.name, report.subject));
            }
        }
    }
    Ok(report)
}

/// Question by question. One side has fewer where its probe failed on the way.
fn add(report: &mut TwinReport, probe: &Probe, right: Vec<(String, String)>, found: Vec<(String, String)>) {
    let count = right.len().max(found.len());
    let (mut right, mut found) = (right.into_iter(), found.into_iter());
    for _ in 0..count {
        let (right, found) = (right.next(), found.next());
        let question = right.as_ref().or(found.as_ref()).map(|(question, _)| question.clone());
        let answer = |said: Option<(String, String)>| match said {
            Some((asked, answer)) if Some(&asked) == question.as_ref() => answer,
            Some((asked, answer)) => format!("{asked}: {answer}"),
            None => "no answer".to_owned(),
        };
        report.lines.push(TwinLine {
            probe: probe.name,
            reference: answer(right),
            subject: answer(found),
            question: question.clone().unwrap_or_default(),
        });
    }
}

fn ask<H: IntoHarness>(make: impl Fn() -> H + Sync) -> Result<Side> {
    let made = || make().into_harness().map_err(|reason| Error::new(ErrorKind::Unavailable, reason));
    let first = made()?;
    let name = first.server().unwrap_or_else(|| first.name().to_owned());
    drop(first);
    let next = AtomicUsize::new(0);
    let said: Mutex<Vec<(usize, Said)>> = Mutex::default();
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(probe) = PROBES.get(number) else { return };
            let answered = match made() {
                Ok(harness) => answers(probe, Arc::new(harness)),
                Err(error) => failed(Vec::new(), &error),
            };
            said.lock().unwrap_or_else(PoisonError::into_inner).push((number, answered));
        }
    };
    let lanes = thread::available_parallelism().map_or(1, NonZeroUsize::get) * LANES;
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(work);
        }
    });
    let mut said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
    said.sort_unstable_by_key(|(number, _)| *number);
    Ok(Side { name, said: said.into_iter().map(|(_, said)| said).collect() })
}

fn failed(mut lines: Vec<(String, String)>, why: &dyn std::fmt::Display) -> Said {
    lines.push(("the rest".to_owned(), format!("could not be asked: {why}")));
    Said::Answers(lines)
}

fn answers(probe: &'static Probe, harness: Arc<dyn Harness>) -> Said {
    let asked = on_its_clock(probe.name, harness.clock(), move || asked(probe, harness));
    asked.unwrap_or_else(|reason| failed(Vec::new(), &reason))
}

async fn asked(probe: &'static Probe, harness: Arc<dyn Harness>) -> Said {
    let trial = match Trial::begin(harness, "twin").await {
        Ok(trial) => trial,
        Err(failure) => return failed(Vec::new(), &failure),
    };
    if let Some(missing) = probe.needs.iter().find(|capability| !trial.has(**capability)) {
        let reason = format!("`{missing}`");
        return match trial.end().await {
            Ok(()) => Said::Lacks(reason),
            Err(failure) => failed(Vec::new(), &failure),
        };
    }
    let mut answers = Answers::default();
    let outcome: CaseResult = (probe.ask)(&trial, &mut answers).await;
    let outcome = outcome.map_err(|failure| trial.shorten(&failure.to_string()));
    let lines = answers.of(&trial);
    let ended = trial.end().await.map_err(|failure| failure.to_string());
    match outcome.and(ended) {
        Ok(()) => Said::Answers(lines),
        Err(failure) => failed(lines, &failure),
    }
}
