//! `cargo xtask versions`: the suite on each version of nats-server that is pinned, and the table of features in the
//! README that is made of these runs.

mod table;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use clap::Args;
use pubsub_core::{Capabilities, Capability};
use pubsub_nats::NatsConnector;
use pubsub_testkit::nats_server::{NatsServer, ServerBinary, ServerVersion};
use pubsub_testkit::{Case, Filter, Harness as _, NatsHarness, Outcome, Report, run_suite};

use crate::{Result, lock, nats_server};
use table::Column;

const README: &str = "../README.md";

#[derive(Debug, Default, Args)]
pub(crate) struct Arguments {
    /// Compares the README's table with the runs instead of writing it
    #[arg(long)]
    check: bool,
    /// Only these versions, and no table, such as 2.10.26,2.12.8
    #[arg(long, value_name = "VERSIONS", value_delimiter = ',', conflicts_with = "check")]
    only: Vec<ServerVersion>,
    /// How many versions run at once
    #[arg(long, value_name = "N", default_value_t = 2)]
    parallel: usize,
}

impl Arguments {
    /// What CI asks for.
    pub(crate) fn to_check() -> Self {
        Self { check: true, only: Vec::new(), parallel: 2 }
    }
}

/// Runs the suite on all versions, the oldest first; fails if a case fails, or if the README says otherwise.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let versions = if arguments.only.is_empty() { lock::versions()? } else { arguments.only.clone() };
    let mut binaries = Vec::new();
    for version in versions {
        binaries.push(nats_server::obtain(Some(version))?);
    }
    let columns = run_all(&binaries, arguments.parallel.max(1))?;
    let text = table::of(&columns);
    if !arguments.only.is_empty() {
        println!("{text}");
        return Ok(());
    }
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(README);
    let readme =
        fs::read_to_string(&place).map_err(|cause| format!("cannot read {}: {cause}", place.display()))?;
    let wanted = table::replaced(&readme, &text)?;
    if wanted == readme {
        return Ok(());
    }
    if arguments.check {
        println!("{text}");
        return Err("README.md has another table; write it anew: cargo xtask versions".into());
    }
    Ok(fs::write(&place, wanted).map_err(|cause| format!("cannot write {}: {cause}", place.display()))?)
}

/// Whether none has to be obtained first.
pub(crate) fn are_there() -> bool {
    lock::versions().is_ok_and(|versions| {
        versions.into_iter().all(|version| nats_server::is_there(version).unwrap_or_default())
    })
}

/// A few versions at a time: most cases wait more than they work.
fn run_all(binaries: &[ServerBinary], parallel: usize) -> Result<Vec<Column>> {
    let next = Mutex::new(binaries.iter().enumerate());
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..parallel {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().ok().and_then(|mut next| next.next());
                    let Some((place, binary)) = taken else { return };
                    let column = column(binary).map_err(|error| error.to_string());
                    if let Ok(mut done) = done.lock() {
                        done.push((place, column));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| "a run of the suite panicked")?;
    done.sort_by_key(|(place, _)| *place);
    let mut columns = Vec::new();
    for (_, column) in done {
        columns.push(column?);
    }
    Ok(columns)
}

/// One run. What is declared counts as there when each case that needs it, and nothing that is missing, has passed.
fn column(binary: &ServerBinary) -> Result<Column> {
    let version = binary.version();
    let began = Instant::now();
    let harness = || {
        let server = NatsServer::builder().binary(binary.clone());
        let server = server.config_text(NatsHarness::<NatsConnector>::MONITORING).start()?;
        Ok::<_, pubsub_core::Error>(NatsHarness::new(server, NatsConnector))
    };
    let has = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async { Ok::<_, pubsub_core::Error>(harness()?.connect().await?.capabilities()) })?;
    let report =
        with_failed_again(run_suite(harness, &Filter::all()), version, |again| run_suite(harness, again))?;
    eprintln!(
        "    nats-server {version}: {} passed, {} refused, {} skipped, {} failed in {:.1} s",
        report.count(Outcome::Passed),
        report.count(Outcome::Refused),
        report.count(Outcome::Skipped),
        report.count(Outcome::Failed),
        began.elapsed().as_secs_f64()
    );
    if report.failed() {
        return Err(format!("nats-server {version}:\n{}", report.table()).into());
    }
    Ok(Column { version, has: proven(&report, has)? })
}

/// Cases that failed are run again, by themselves; what passes then is said to be flaky and counts as passed. Two suites beside
/// each other are late now and then.
fn with_failed_again(
    mut report: Report,
    version: ServerVersion,
    run: impl FnOnce(&Filter) -> Report,
) -> Result<Report> {
    if !report.failed() {
        return Ok(report);
    }
    eprintln!("    nats-server {version}, the first time:\n{}", report.table());
    let failed = report.cases.iter().filter(|case| case.outcome == Outcome::Failed).map(|case| case.id);
    let again = run(&Filter::only(failed)?);
    for case in again.cases {
        if case.outcome == Outcome::Passed {
            eprintln!("    nats-server {version}: FLAKY {} {}", case.id, case.name);
        }
        if let Some(place) = report.cases.iter_mut().find(|first| first.id == case.id) {
            *place = case;
        }
    }
    Ok(report)
}

/// The declared capabilities; fails for one that no case has proven.
fn proven(report: &Report, declared: Capabilities) -> Result<Capabilities> {
    let passed =
        |case: &Case| report.cases.iter().any(|run| run.id == case.id() && run.outcome == Outcome::Passed);
    for capability in Capability::ALL.iter().filter(|capability| declared.has(**capability)) {
        let mut needing = Case::all().iter().filter(|case| case.needs().contains(capability)).peekable();
        if needing.peek().is_some() && !needing.any(passed) {
            return Err(format!("`{capability}` is declared, and no case that needs it has passed").into());
        }
    }
    Ok(declared)
}
