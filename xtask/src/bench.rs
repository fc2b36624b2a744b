//! `cargo xtask bench`: builds the benchmarks with optimisation, and the libraries that they compare with, and runs them.

use std::ffi::OsString;

use clap::Args;

use crate::Result;
use crate::command::{cargo, run as run_command};

/// Builds the libraries that ours are compared with into the benchmarks.
const PEERS: &str = "--cfg pubsub_bench_peers";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Handed to the benchmarks: `--only NAME`, `--quick`, `--json FILE`, `--rounds N`, `--list`, `--help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Runs the benchmarks in a process of their own, optimised; it fails if a row is below its gate.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    if !flags.is_empty() {
        flags.push(' ');
    }
    flags.push_str(PEERS);
    let mut command =
        cargo(["run", "--quiet", "--locked", "--profile", "bench", "--package", "pubsub-bench", "--"]);
    run_command(command.args(&arguments.arguments).env("RUSTFLAGS", flags))
}
