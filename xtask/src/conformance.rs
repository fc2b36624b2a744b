//! `cargo xtask conformance`: the suite on one backend, case by case.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use pubsub_nats::NatsConnector;
use pubsub_testkit::nats_server::NatsServer;
use pubsub_testkit::{
    CaseReport, Filter, IntoHarness, MemoryHarness, NatsHarness, Outcome, Stress, histories_directory,
    run_suite_side_by_side,
};

use crate::{Result, nats_server};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The backend to judge
    #[arg(long)]
    backend: Backend,
    /// Also writes the report there, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also writes the report there, as Markdown with a badge
    #[arg(long, value_name = "FILE", conflicts_with = "repeat")]
    markdown: Option<PathBuf>,
    /// Also writes the report there, as JUnit XML
    #[arg(long, value_name = "FILE", conflicts_with = "repeat")]
    junit: Option<PathBuf>,
    /// Runs each case so often, in another order each time, and reports counts
    #[arg(long, value_name = "N")]
    repeat: Option<usize>,
    /// How many cases run at once. By default, and as 0, one for each core; on servers without `--repeat`, three for two
    #[arg(long, value_name = "M", default_value_t = 0)]
    parallel: usize,
    /// What the order is made of. With `--repeat`; by default from the time
    #[arg(long, value_name = "S", requires = "repeat")]
    seed: Option<u64>,
    /// Where the histories of failed cases are written. By default `target/histories`
    #[arg(long, value_name = "DIR")]
    histories: Option<PathBuf>,
    /// Only these cases, such as A1,B2
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    only: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Backend {
    /// In this process, on virtual time
    Memory,
    /// On a real nats-server, one for each case
    Nats,
}

/// Runs the cases with a line for each on standard error, and prints the table on standard output.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match arguments.backend {
        Backend::Memory => run_on(MemoryHarness::new, arguments),
        Backend::Nats => {
            let binary = nats_server::obtain(None)?;
            let harness = || {
                let server = NatsServer::builder().binary(binary.clone());
                let server = server.config_text(NatsHarness::<NatsConnector>::MONITORING).start()?;
                Ok::<_, pubsub_core::Error>(NatsHarness::new(server, NatsConnector))
            };
            run_on(harness, arguments)
        }
    }
}

fn run_on<H: IntoHarness>(harness: impl Fn() -> H + Sync, arguments: &Arguments) -> Result<()> {
    let filter = if arguments.only.is_empty() { Filter::all() } else { Filter::only(&arguments.only)? };
    match arguments.repeat {
        Some(repeat) => run_often(harness, arguments, repeat, &filter),
        None => run_once(harness, arguments, &filter),
    }
}

fn run_once<H: IntoHarness>(
    harness: impl Fn() -> H + Sync,
    arguments: &Arguments,
    filter: &Filter,
) -> Result<()> {
    let report = run_suite_side_by_side(harness, filter, arguments.parallel, show);
    println!("{}", report.table());
    for path in report.save_histories(&directory(arguments))? {
        println!("the whole history: {}", path.display());
    }
    write(arguments.json.as_deref(), || report.to_json() + "\n")?;
    write(arguments.markdown.as_deref(), || report.markdown())?;
    write(arguments.junit.as_deref(), || report.junit())?;
    match report.count(Outcome::Failed) {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} cases failed", report.cases.len()).into()),
    }
}

fn run_often<H: IntoHarness>(
    harness: impl Fn() -> H + Sync,
    arguments: &Arguments,
    repeat: usize,
    filter: &Filter,
) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(from_time);
    let stress = Stress::from_seed(seed).with_repeat(repeat).with_parallel(arguments.parallel);
    let report = stress.run(harness, filter, |case| {
        if case.outcome == Outcome::Failed {
            show(case);
            save(case, &directory(arguments));
        }
    });
    println!("{}", report.table());
    write(arguments.json.as_deref(), || report.to_json() + "\n")?;
    if report.failed() {
        let again = format!("--repeat {repeat} --parallel {} --seed {seed}", arguments.parallel);
        return Err(format!("some runs failed; again in this order: {again}").into());
    }
    Ok(())
}

fn directory(arguments: &Arguments) -> PathBuf {
    arguments.histories.clone().unwrap_or_else(histories_directory)
}

/// Of the runs of one case that fail, the last one's history stays.
fn save(case: &CaseReport, directory: &Path) {
    match case.history.as_ref().map(|history| history.save(directory)) {
        Some(Ok(path)) => eprintln!("the whole history: {}", path.display()),
        Some(Err(error)) => eprintln!("{error}"),
        None => {}
    }
}

fn write(path: Option<&Path>, text: impl FnOnce() -> String) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    Ok(fs::write(path, text()).map_err(|cause| format!("cannot write {}: {cause}", path.display()))?)
}

fn from_time() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs()
}

fn show(case: &CaseReport) {
    eprintln!("{:>4}  {:<8} {:>6} ms  {}", case.id, case.outcome, case.millis, case.name.replace('_', " "));
}
