//! `cargo xtask differential`: the memory backend beside a real nats-server, on random operations.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use pubsub_memory::{MemoryConfig, ServerVersion as MemoryLevel};
use pubsub_nats::NatsConnector;
use pubsub_testkit::differential::{Differential, DifferentialReport, Progress};
use pubsub_testkit::nats_server::{NatsServer, ServerBinary, ServerVersion};
use pubsub_testkit::{MemoryHarness, NatsHarness};

use crate::{Result, nats_server};

/// From so many operations on, each kind of operation and of answer must be one in a hundred.
const TELLING: u64 = 5_000;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Sequence n is made from the seed + n; by default from the time
    #[arg(long)]
    seed: Option<u64>,
    /// How many sequences
    #[arg(long, default_value_t = 250)]
    runs: u64,
    /// How many operations each sequence has
    #[arg(long, default_value_t = Differential::DEFAULT_OPERATIONS)]
    operations: usize,
    /// This nats-server
    #[arg(long, value_name = "PATH", conflicts_with = "version")]
    server: Option<PathBuf>,
    /// A nats-server of this version, such as 2.12.8; by default the pinned one
    #[arg(long)]
    version: Option<ServerVersion>,
    /// How many sequences run at once, each on a server of its own
    #[arg(long, default_value_t = 32)]
    lanes: usize,
    /// After how many differences to stop
    #[arg(long, default_value_t = 1)]
    differences: usize,
}

/// Compares, prints what was tried and each difference with the command that repeats it; fails if there is a difference.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = match &arguments.server {
        Some(path) => ServerBinary::at(path)?,
        None => nats_server::obtain(arguments.version)?,
    };
    let seed = arguments.seed.unwrap_or_else(from_time);
    eprintln!("{} sequences from seed {seed}, on nats-server {}", arguments.runs, binary.version());

    let version = binary.version();
    let subject = memory_of(version)?;
    let (bar, began) = (bar(arguments.runs)?, Instant::now());
    let reference = || {
        let server = NatsServer::builder().binary(binary.clone()).start()?;
        Ok::<_, pubsub_core::Error>(NatsHarness::new(server, NatsConnector))
    };
    let report = Differential::from_seed(seed)
        .with_runs(arguments.runs)
        .with_operations(arguments.operations)
        .with_lanes(arguments.lanes)
        .with_max_differences(arguments.differences)
        .compare(reference, subject, |progress| match progress {
            Progress::Done(sequences) => bar.set_position(sequences),
            Progress::Different(report) => {
                eprintln!(
                    "\nseed {} differs in one of {} operations:\n{}",
                    report.seed,
                    arguments.operations,
                    report.parting()
                );
            }
            Progress::Shrinking { seed } => bar.set_message(format!("shrinking seed {seed}")),
            _ => {}
        })?;
    bar.finish_and_clear();

    println!("{}\nin {:.1?}", report.table(), began.elapsed());
    for stumble in &report.not_reproduced {
        eprintln!("\nseed {} differed once and not again:\n{}", stumble.seed, stumble.parting());
    }
    for difference in &report.differences {
        println!("\n{difference}again: {}", again(arguments, difference.seed));
    }
    verdict(&report)
}

/// Stores that stand in for a server of this version; one that is too new for that is the newest that is known.
fn memory_of(version: ServerVersion) -> Result<impl Fn() -> MemoryHarness + Sync> {
    let level = version.to_string().parse().unwrap_or(MemoryLevel::NEWEST);
    let config = MemoryConfig::default().with_server_version(level);
    config.validate()?;
    Ok(move || MemoryHarness::new().with_config(config.clone()))
}

fn verdict(report: &DifferentialReport) -> Result<()> {
    if !report.differences.is_empty() {
        return Err(format!("{} sequences differ", report.differences.len()).into());
    }
    let discarded: u64 = report.discarded.values().sum();
    if discarded > report.runs {
        return Err("most sequences could not be judged; use fewer `--lanes`".into());
    }
    let rare = report.tally.rare();
    if report.operations() >= TELLING && !rare.is_empty() {
        let rare: Vec<_> =
            rare.into_iter().map(|kind| format!("{} ({:.2} %)", kind.kind, kind.percent)).collect();
        return Err(format!("too rare to say much: {}", rare.join(", ")).into());
    }
    Ok(())
}

/// The command that repeats one sequence.
fn again(arguments: &Arguments, seed: u64) -> String {
    let mut command =
        format!("cargo xtask differential --seed {seed} --runs 1 --operations {}", arguments.operations);
    if let Some(version) = arguments.version {
        command += &format!(" --version {version}");
    }
    if let Some(path) = &arguments.server {
        command += &format!(" --server {}", path.display());
    }
    command
}

fn from_time() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs()
}

fn bar(runs: u64) -> Result<ProgressBar> {
    let bar = ProgressBar::new(runs);
    bar.set_style(ProgressStyle::with_template(
        "{elapsed} {wide_bar} {pos}/{len} sequences, {eta} left {msg}",
    )?);
    bar.enable_steady_tick(Duration::from_millis(500));
    Ok(bar)
}
