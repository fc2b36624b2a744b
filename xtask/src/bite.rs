//! `cargo xtask bite`: deliberately wrong backends, and the cases that catch them.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use pubsub_testkit::MemoryHarness;
use pubsub_testkit::wrong::{BiteReport, bite};

use crate::Result;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
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

/// Runs every case on memory and on each wrong backend; fails unless memory passes and each is caught as expected.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let report = bite(MemoryHarness::new, arguments.parallel, |bite| {
        let verdict = if bite.is_as_expected() { "caught" } else { "NOT caught as expected" };
        eprintln!("{:<32} {verdict}: {} of {:?}", bite.backend, bite.expected, bite.caught_by);
    });
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
