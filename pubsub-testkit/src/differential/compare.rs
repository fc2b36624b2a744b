//! Many sequences, side by side: [`Differential`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use pubsub_core::{Capabilities, Capability, Error, ErrorKind, Result};

use super::lane::{Difference, Lane, Verdict};
use super::operation::KINDS;
use super::report::{DifferenceReport, DifferentialReport};
use super::sequence::Sequence;
use super::shrink::shrink;
use super::side::runtime;
use super::tally::Tally;
use crate::harness::{Harness, IntoHarness};

/// How often a difference must show again before it is believed.
const CONFIRMATIONS: usize = 2;

/// A comparison of two backends: how many sequences, how long, from which seed.
///
/// What one of the two can do and the other cannot ([`Capability`]) is left out. Sequence n is made from the seed + n alone, so that each can be repeated by itself: the same seed, one run, the same
/// length.
#[derive(Debug, Clone)]
pub struct Differential {
    seed: u64,
    runs: u64,
    operations: usize,
    lanes: usize,
    max_differences: usize,
}

/// How far a comparison is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Progress {
    /// So many sequences are done.
    Done(u64),
    /// A sequence differs; it is as long as it was made.
    Different(Box<DifferenceReport>),
    /// A sequence differs, and is made shorter.
    Shrinking {
        /// Its seed.
        seed: u64,
    },
}

impl Differential {
    /// The default of [`with_operations`](Self::with_operations): 40.
    pub const DEFAULT_OPERATIONS: usize = 40;

    /// One sequence of 40 operations, on one lane, up to the first difference.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { seed, runs: 1, operations: Self::DEFAULT_OPERATIONS, lanes: 1, max_differences: 1 }
    }

    /// How many sequences.
    #[must_use]
    pub fn with_runs(mut self, runs: u64) -> Self {
        self.runs = runs;
        self
    }

    /// How many operations each sequence has.
    #[must_use]
    pub fn with_operations(mut self, operations: usize) -> Self {
        self.operations = operations;
        self
    }

    /// How many sequences run at once, each with a reference of its own. Against a real server most of the time is
    /// waited, so that many lanes fit on one processor; too many make bursts too slow to be judged.
    #[must_use]
    pub fn with_lanes(mut self, lanes: usize) -> Self {
        self.lanes = lanes.max(1);
        self
    }

    /// After how many differences to stop.
    #[must_use]
    pub fn with_max_differences(mut self, differences: usize) -> Self {
        self.max_differences = differences.max(1);
        self
    }

    /// Compares. `reference` is called once per lane, and its store is emptied between sequences; `subject` is called
    /// for each sequence. Blocks until all is done, on threads of its own: not to be called inside a runtime.
    ///
    /// # Errors
    /// What keeps a reference from being made.
    pub fn compare<R, S>(
        &self,
        reference: impl Fn() -> R,
        subject: impl Fn() -> S + Sync,
        progress: impl Fn(Progress) + Sync,
    ) -> Result<DifferentialReport>
    where
        R: IntoHarness,
        S: IntoHarness,
    {
        let make_subject = || made(subject());
        let subject_name = make_subject()?.name().to_owned();
        let lanes = (0..self.lanes)
            .map(|_| Ok(Lane { reference: made(reference())?, subject: &make_subject }))
            .collect::<Result<Vec<_>>>()?;
        let reference_name = lanes.first().map_or_else(String::new, |lane| {
            lane.reference.server().unwrap_or_else(|| lane.reference.name().to_owned())
        });

        let one_sided = match lanes.first() {
            Some(lane) => one_sided(&lane.reference, &make_subject()?)?,
            None => Vec::new(),
        };
        let names = (reference_name.as_str(), subject_name.as_str());
        let found = self.run_all(&lanes, names, &one_sided, &progress);
        let report =
            |(sequence, difference)| DifferenceReport::new(names, self.operations, &sequence, difference);
        let shrunk = found.differences.into_iter().map(|(sequence, difference)| {
            progress(Progress::Shrinking { seed: sequence.seed });
            shrink(&lanes, &sequence, difference)
        });
        Ok(DifferentialReport {
            runs: found.runs,
            discarded: found.discarded,
            not_reproduced: found.not_reproduced.into_iter().map(report).collect(),
            differences: shrunk.map(report).collect(),
            tally: found.tally,
            reference: reference_name.clone(),
            subject: subject_name.clone(),
        })
    }

    fn run_all(
        &self,
        lanes: &[Lane<'_>],
        names: (&str, &str),
        one_sided: &[Capability],
        progress: &(impl Fn(Progress) + Sync),
    ) -> Found {
        let (next, found) = (AtomicU64::new(0), Mutex::new(Found::new(one_sided)));
        let lock = || found.lock().unwrap_or_else(PoisonError::into_inner);
        let work = |lane: &Lane<'_>| {
            while lock().differences.len() < self.max_differences {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.runs {
                    return;
                }
                let sequence = Sequence::generate(self.seed.wrapping_add(number), self.operations, one_sided);
                let outcome = judge(lane, &sequence);
                if let Outcome::Judged(Verdict::Different(difference)) = &outcome {
                    let report = DifferenceReport::new(names, self.operations, &sequence, difference.clone());
                    progress(Progress::Different(Box::new(report)));
                }
                let mut found = lock();
                found.take(sequence, outcome);
                progress(Progress::Done(found.total));
            }
        };
        thread::scope(|scope| {
            for lane in lanes {
                scope.spawn(|| work(lane));
            }
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one of them can do, and the other cannot.
fn one_sided(one: &Arc<dyn Harness>, other: &Arc<dyn Harness>) -> Result<Vec<Capability>> {
    let (one, other) = (capabilities(one)?, capabilities(other)?);
    let all = Capability::ALL.iter().copied();
    Ok(all.filter(|capability| one.has(*capability) != other.has(*capability)).collect())
}

fn capabilities(harness: &Arc<dyn Harness>) -> Result<Capabilities> {
    let runtime = runtime(harness.as_ref())?;
    let asked = runtime.block_on(async {
        let broker = harness.connect().await?;
        let capabilities = broker.capabilities();
        broker.close().await?;
        Ok(capabilities)
    });
    runtime.shutdown_background();
    asked
}

fn made(harness: impl IntoHarness) -> Result<Arc<dyn Harness>> {
    match harness.into_harness() {
        Ok(harness) => Ok(Arc::new(harness)),
        Err(reason) => Err(Error::new(ErrorKind::Unavailable, reason)),
    }
}

enum Outcome {
    Judged(Verdict),
    NotReproduced(Difference),
}

/// A difference must show again, so that a stumble of the machine is none.
fn judge(lane: &Lane<'_>, sequence: &Sequence) -> Outcome {
    let first = match lane.run(sequence) {
        Verdict::Different(first) => first,
        verdict => return Outcome::Judged(verdict),
    };
    let mut last = first.clone();
    for _ in 0..CONFIRMATIONS {
        match lane.run(sequence) {
            Verdict::Different(again) => last = again,
            _ => return Outcome::NotReproduced(first),
        }
    }
    Outcome::Judged(Verdict::Different(last))
}

struct Found {
    /// All sequences that have had their turn.
    total: u64,
    runs: u64,
    discarded: BTreeMap<String, u64>,
    not_reproduced: Vec<(Sequence, Difference)>,
    differences: Vec<(Sequence, Difference)>,
    tally: Tally,
}

impl Found {
    fn new(one_sided: &[Capability]) -> Self {
        let mut tally = Tally::default();
        // One that never occurred shows as 0.
        KINDS.iter().filter(|kind| kind.is_common(one_sided)).for_each(|kind| tally.know(kind.name));
        Self {
            total: 0,
            runs: 0,
            discarded: BTreeMap::new(),
            not_reproduced: Vec::new(),
            differences: Vec::new(),
            tally,
        }
    }

    fn take(&mut self, sequence: Sequence, outcome: Outcome) {
        self.total += 1;
        match outcome {
            Outcome::Judged(Verdict::Same(tally)) => {
                self.runs += 1;
                self.tally.add(tally);
            }
            Outcome::Judged(Verdict::Different(difference)) => self.differences.push((sequence, difference)),
            Outcome::Judged(Verdict::Discarded(reason)) => *self.discarded.entry(reason).or_default() += 1,
            Outcome::NotReproduced(difference) => self.not_reproduced.push((sequence, difference)),
        }
    }
}
