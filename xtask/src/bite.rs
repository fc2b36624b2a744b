//! `cargo xtask bite`: deliberately wrong backends, and the cases that catch them.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use pubsub_testkit::MemoryHarness;
use pubsub_testkit::wrong::{BiteReport, Bites, bite};

use crate::Result;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Runs every case on each wrong backend, not only the one that is named for it
    #[arg(long)]
    all: bool,
    /// Also writes the report there, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also writes the report there, as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Fails if this Markdown file is not what this run gives
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// How many cases run at once; 0 = as many as there are cores
    #[arg(long, value_name = "M", default_value_t = 0)]
    parallel: usize,
}

/// Runs the named cases, or all, on memory and on each wrong backend; fails unless memory passes and each is caught by the
/// case that is named for it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // Cases that fail by a panic tell it in their reasons.
    std::panic::set_hook(Box::new(|_| {}));
    let bites = if arguments.all { Bites::All } else { Bites::Named };
    let report = bite(MemoryHarness::new, bites, arguments.parallel, |bite| {
        let verdict = if bite.is_as_expected() { "caught" } else { "NOT caught as expected" };
        let caught = bite.caught_by.join(" ");
        eprintln!("{:<28} {:>6} ms  {verdict}: {} of {caught}", bite.backend, bite.millis, bite.expected);
    })?;
    println!("{}", report.markdown());
    for (path, text) in [(&arguments.json, report.to_json() + "\n"), (&arguments.markdown, report.markdown())]
    {
        if let Some(path) = path {
            fs::write(path, text).map_err(|cause| format!("cannot write {}: {cause}", path.display()))?;
        }
    }
    verdict(&report)?;
    match &arguments.check {
        Some(path) if fs::read_to_string(path)? != report.markdown() => {
            Err(format!("{} is not up to date: write it with `--markdown`", path.display()).into())
        }
        _ => Ok(()),
    }
}

fn verdict(report: &BiteReport) -> Result<()> {
    if report.right.failed() {
        return Err(format!("memory itself fails:\n{}", report.right.table()).into());
    }
    let missed: Vec<_> =
        report.backends.iter().filter(|bite| !bite.is_as_expected()).map(|bite| bite.backend).collect();
    if missed.is_empty() { Ok(()) } else { Err(format!("not caught by the named case: {missed:?}").into()) }
}
