//! `cargo xtask faults`: builds the fault scenarios, hands them a server, and runs them.

use std::ffi::OsString;

use clap::Args;

use crate::command::{cargo, run as run_command};
use crate::{Result, nats_server};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Handed to the scenarios: `--only kill,reset`, `--secs N`, `--quick`, `--no-raw`, `--json FILE`, `--markdown FILE`, `--list`,
    /// `--help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Runs them in a process of their own; it fails if a target is missed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    start(&arguments.arguments)
}

/// The short ones, whose targets leave room for a machine that does other things too; they may be missed once.
pub(crate) fn run_quick() -> Result<()> {
    start(&["--quick".into()]).or_else(|error| {
        eprintln!("    FLAKY, or worse: {error}; once more");
        start(&["--quick".into()])
    })
}

fn start(arguments: &[OsString]) -> Result<()> {
    let server = nats_server::obtain(None)?;
    let mut command = cargo(["run", "--quiet", "--locked", "--package", "pubsub-faults", "--"]);
    run_command(command.args(arguments).env("NATS_SERVER_BIN", server.path()))
}
