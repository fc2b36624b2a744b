//! `cargo xtask judge`: the history of a failed case, judged again.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use pubsub_testkit::judge_history;

use crate::Result;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The history, as a failed case has written it
    file: PathBuf,
    /// Prints the whole history, not only the slices that show what is wrong
    #[arg(long)]
    timeline: bool,
}

/// Prints what the rules make of the history; fails if one is broken.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let path = arguments.file.display();
    let json = fs::read_to_string(&arguments.file).map_err(|cause| format!("cannot read {path}: {cause}"))?;
    let judged = judge_history(&json)?;
    println!("{} on {}: {} events", judged.case, judged.backend, judged.events);
    if arguments.timeline {
        print!("{}", judged.timeline);
    }
    print!("{}", judged.report);
    if judged.broken.is_empty() {
        println!("no rule is broken; what the case checks for itself is not judged again");
        Ok(())
    } else {
        Err(format!("broken: {}", judged.broken.join(", ")).into())
    }
}
