//! `cargo xtask conformance`: the suite on one backend, case by case.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pubsub_nats::NatsConnector;
use pubsub_testkit::nats_server::NatsServer;
use pubsub_testkit::{CaseReport, Filter, MemoryHarness, NatsHarness, Outcome, Report, run_suite_observed};

use crate::{Result, nats_server};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The backend to judge
    #[arg(long)]
    backend: Backend,
    /// Also writes the report there, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
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

/// Runs the cases one after the other, with a line for each on standard error and the table on standard output.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let filter = if arguments.only.is_empty() { Filter::all() } else { Filter::only(&arguments.only)? };
    let report = match arguments.backend {
        Backend::Memory => run_suite_observed(MemoryHarness::new, &filter, show),
        Backend::Nats => on_nats(&filter)?,
    };
    println!("{}", report.table());
    if let Some(path) = &arguments.json {
        fs::write(path, report.to_json() + "\n")
            .map_err(|cause| format!("cannot write {}: {cause}", path.display()))?;
    }
    match report.count(Outcome::Failed) {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} cases failed", report.cases.len()).into()),
    }
}

fn on_nats(filter: &Filter) -> Result<Report> {
    let binary = nats_server::obtain(None)?;
    let harness = || {
        let server = NatsServer::builder().binary(binary.clone()).start()?;
        Ok::<_, pubsub_core::Error>(NatsHarness::new(server, NatsConnector))
    };
    Ok(run_suite_observed(harness, filter, show))
}

fn show(case: &CaseReport) {
    eprintln!("{:>4}  {:<8} {:>6} ms  {}", case.id, case.outcome, case.millis, case.name.replace('_', " "));
}
