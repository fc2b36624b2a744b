//! Runs the contenders of each row in rounds.

use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

use crate::Result;
use crate::progress::Progress;
use crate::row::{Contender, Row};
use crate::sample::{Sample, float};

/// How many workers run the tasks, as on the machine of the published tables.
const WORKERS: usize = 2;

/// How many messages the run has that counts allocations.
const COUNTED: u64 = 20_000;

/// How often a round is tried: what is compared with may fail where ours must not (`messages()` of async-nats ends when the
/// machine keeps its server waiting).
const TRIES: usize = 3;

/// How much is measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Effort {
    pub(crate) rounds: u32,
    /// By what the messages of a round are divided.
    pub(crate) divisor: u64,
}

impl Effort {
    pub(crate) const fn full(rounds: u32) -> Self {
        Self { rounds, divisor: 1 }
    }

    pub(crate) const fn quick() -> Self {
        Self { rounds: 3, divisor: 10 }
    }
}

/// What all rounds of one row gave.
pub(crate) struct RowResult {
    pub(crate) row: Row,
    pub(crate) runs: Vec<ContenderResult>,
    /// Why it was not measured to its end.
    pub(crate) failure: Option<String>,
}

/// What all rounds of one contender gave.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ContenderResult {
    pub(crate) name: &'static str,
    pub(crate) rounds: Vec<Sample>,
    /// Per message.
    pub(crate) allocations: f64,
    /// Why rounds had to be run again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<String>,
}

/// Runs all rows, one after the other; one that fails does not keep the others from being measured. Shows all that there is
/// after each row.
pub(crate) fn all(
    rows: Vec<Row>,
    effort: Effort,
    mut show: impl FnMut(&[RowResult]) -> Result<()>,
) -> Result<Vec<RowResult>> {
    let runs = rows.iter().map(|row| row.contenders.len()).sum::<usize>();
    let progress = Progress::over(u64::try_from(runs)? * (u64::from(effort.rounds) + 1))?;
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        progress.say(&format!("{:>8}  {} ({})", row.id, row.name, row.about));
        let mut runs = Vec::with_capacity(row.contenders.len());
        let failure = one(&row, &mut runs, effort, &progress).err().map(|error| error.to_string());
        if let Some(failure) = &failure {
            progress.say(&format!("{:>8}  not measured: {failure}", row.id));
        }
        results.push(RowResult { row, runs, failure });
        show(&results)?;
    }
    progress.finish();
    Ok(results)
}

fn one(row: &Row, runs: &mut Vec<ContenderResult>, effort: Effort, progress: &Progress) -> Result<()> {
    for contender in &row.contenders {
        progress.begin(row.name, contender.name);
        let mut failures = Vec::new();
        // Also warms up: what is made once is there when the rounds begin.
        let allocations = tried(row, contender, progress, &mut failures, || {
            allocations(contender, row.messages.min(COUNTED))
        })?;
        runs.push(ContenderResult { name: contender.name, rounds: Vec::new(), allocations, failures });
        progress.step();
    }
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    for round in 0..usize::try_from(effort.rounds)? {
        // Each round begins with another one, so that none always runs after the same.
        for turn in 0..row.contenders.len() {
            let place = (round + turn) % row.contenders.len();
            let (Some(contender), Some(run)) = (row.contenders.get(place), runs.get_mut(place)) else {
                continue;
            };
            progress.begin(row.name, contender.name);
            let messages = share(row, contender, effort);
            let sample =
                tried(row, contender, progress, &mut run.failures, || timed(&runtime, contender, messages))?;
            run.rounds.push(sample);
            progress.step();
        }
    }
    Ok(())
}

/// Tries it several times, and notes each failure.
fn tried<T>(
    row: &Row,
    contender: &Contender,
    progress: &Progress,
    failures: &mut Vec<String>,
    run: impl Fn() -> Result<T>,
) -> Result<T> {
    for _ in 1..TRIES {
        match run() {
            Ok(done) => return Ok(done),
            Err(error) => {
                progress.say(&format!("{:>8}  {} failed, and runs again: {error}", row.id, contender.name));
                failures.push(error.to_string());
            }
        }
    }
    run().map_err(|error| format!("{}, {}: {error}", row.name, contender.name).into())
}

fn share(row: &Row, contender: &Contender, effort: Effort) -> u64 {
    let messages = float(row.messages / effort.divisor) * contender.share;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of messages")]
    let messages = messages as u64;
    messages.max(1)
}

/// On a task, as an application would run it: what blocks on the runtime from outside wakes differently.
fn timed(runtime: &Runtime, contender: &Contender, messages: u64) -> Result<Sample> {
    runtime.block_on(runtime.spawn((contender.drive)(messages)))?
}

/// Counted apart from the rounds, on one thread, since the counter is the thread's: the counts say what is allocated and
/// where nothing waits for another thread. What is made once, such as a connection, is taken off by a run with fewer
/// messages.
fn allocations(contender: &Contender, messages: u64) -> Result<f64> {
    let (fewer, all) = (counted(contender, messages.div_ceil(5))?, counted(contender, messages)?);
    let difference = all.0.saturating_sub(fewer.0);
    Ok(float(difference) / (all.1 - fewer.1).max(1.0))
}

/// The allocations of a run, and its messages.
fn counted(contender: &Contender, messages: u64) -> Result<(u64, f64)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut outcome = None;
    let info = allocation_counter::measure(|| {
        outcome = Some(runtime.block_on((contender.drive)(messages)));
    });
    let sample = outcome.ok_or("it did not run")??;
    Ok((info.count_total, sample.messages))
}
