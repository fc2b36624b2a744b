//! The suite many times over, side by side: [`Stress`].

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use fastrand::Rng;
use serde::Serialize;

use super::suite::without_harness;
use super::{Filter, run_case};
use crate::case::Case;
use crate::harness::{Harness as _, IntoHarness};
use crate::report::{CaseReport, Outcome, stress_table};

/// Runs the suite several times, with several cases at once and in another order each time, to find what is only
/// sometimes right. By default once, one case at a time, in an order of seed 0.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use pubsub_testkit::{Filter, MemoryHarness, Stress};
///
/// let stress = Stress::from_seed(7).with_repeat(5).with_parallel(2);
/// let report = stress.run(MemoryHarness::new, &Filter::only(["A1", "B1"])?, |_| {});
/// assert!(!report.failed(), "{}", report.table());
/// assert_eq!(report.cases.iter().map(|case| case.runs).sum::<usize>(), 10);
/// # }
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing runs until `run` is called"]
pub struct Stress {
    repeat: usize,
    parallel: usize,
    seed: u64,
}

/// What came of a [`Stress`] run.
///
/// As JSON it is `{"backend", "server", "repeat", "parallel", "seed", "millis", "cases": [{"id", "name", "runs", "passed",
/// "refused", "skipped", "failed", "first_failure", "fastest_millis", "slowest_millis"}]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StressReport {
    /// The backend, as its harness calls it.
    pub backend: String,
    /// The server behind it and its version.
    pub server: Option<String>,
    /// How often each case ran.
    pub repeat: usize,
    /// How many ran at once.
    pub parallel: usize,
    /// What the order was made of.
    pub seed: u64,
    /// How long all of it took by a real clock, in milliseconds.
    pub millis: u64,
    /// The cases in the order of the catalogue.
    pub cases: Vec<StressCase>,
}

/// What came of all runs of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StressCase {
    /// The id in the catalogue.
    pub id: &'static str,
    /// What it proves.
    pub name: &'static str,
    /// How often it ran.
    pub runs: usize,
    /// How often it passed.
    pub passed: usize,
    /// How often its negative twin passed.
    pub refused: usize,
    /// How often neither could run.
    pub skipped: usize,
    /// How often it failed.
    pub failed: usize,
    /// The reason of the first failure.
    pub first_failure: Option<String>,
    /// The shortest run, in milliseconds.
    pub fastest_millis: u64,
    /// The longest run, in milliseconds.
    pub slowest_millis: u64,
}

impl StressReport {
    /// Whether any run of a case failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.cases.iter().any(|case| case.failed > 0)
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: nothing that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The report as a table for people, then the first failure of each case that failed, then the counts.
    #[must_use]
    pub fn table(&self) -> String {
        stress_table::of(self)
    }
}

impl StressCase {
    fn new(case: &Case) -> Self {
        Self {
            id: case.id,
            name: case.name(),
            runs: 0,
            passed: 0,
            refused: 0,
            skipped: 0,
            failed: 0,
            first_failure: None,
            fastest_millis: u64::MAX,
            slowest_millis: 0,
        }
    }

    fn add(&mut self, ended: CaseReport) {
        self.runs += 1;
        self.fastest_millis = self.fastest_millis.min(ended.millis);
        self.slowest_millis = self.slowest_millis.max(ended.millis);
        match ended.outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Failed => {
                self.failed += 1;
                self.first_failure = self.first_failure.take().or(ended.reason);
            }
        }
    }
}

impl Stress {
    /// Once, one case at a time, in the order of this seed.
    pub const fn from_seed(seed: u64) -> Self {
        Self { repeat: 1, parallel: 1, seed }
    }

    /// How often each case runs. Default 1.
    pub const fn with_repeat(mut self, repeat: usize) -> Self {
        self.repeat = repeat;
        self
    }

    /// How many run at once, each on a thread and a fresh harness of its own; 0 = as many as the machine has cores.
    /// Default 1.
    pub const fn with_parallel(mut self, parallel: usize) -> Self {
        self.parallel = parallel;
        self
    }

    /// Runs the cases and hands over each run's report as soon as it is there. Blocks; call it outside a runtime.
    pub fn run<H: IntoHarness>(
        &self,
        harness: impl Fn() -> H + Sync,
        filter: &Filter,
        observe: impl FnMut(&CaseReport) + Send,
    ) -> StressReport {
        let began = Instant::now();
        let parallel = match self.parallel {
            0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
            parallel => parallel,
        };
        let order = self.order(filter);
        let next = AtomicUsize::new(0);
        let report = StressReport {
            repeat: self.repeat,
            parallel,
            seed: self.seed,
            cases: filter.cases().map(StressCase::new).collect(),
            ..StressReport::default()
        };
        let gathered = Mutex::new((report, observe));
        let work = || {
            while let Some(case) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (ended, told) = match harness().into_harness() {
                    Ok(harness) => {
                        let told = (harness.name().to_owned(), harness.server());
                        (run_case(case, harness), Some(told))
                    }
                    Err(error) => (without_harness(case, &error), None),
                };
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                let (report, observe) = &mut *gathered;
                observe(&ended);
                if let Some((backend, server)) = told {
                    (report.backend, report.server) = (backend, server);
                }
                if let Some(row) = report.cases.iter_mut().find(|row| row.id == ended.id) {
                    row.add(ended);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..parallel {
                scope.spawn(work);
            }
        });
        let (mut report, _) = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        report.millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        report
    }

    /// Every case so often, each round in an order of its own.
    fn order(&self, filter: &Filter) -> Vec<&'static Case> {
        let mut rng = Rng::with_seed(self.seed);
        let mut order = Vec::new();
        for _ in 0..self.repeat {
            let mut round: Vec<_> = filter.cases().collect();
            rng.shuffle(&mut round);
            order.append(&mut round);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(seed: u64) -> Vec<&'static str> {
        Stress::from_seed(seed).with_repeat(2).order(&Filter::all()).into_iter().map(|case| case.id).collect()
    }

    #[test]
    fn a_seed_gives_one_order_with_every_case_in_each_round() {
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        let (first, second) = (ids(1)[..Case::all().len()].to_vec(), ids(1)[Case::all().len()..].to_vec());
        assert_ne!(first, second);
        for mut round in [first, second] {
            round.sort_unstable();
            round.dedup();
            assert_eq!(round.len(), Case::all().len());
        }
    }
}
