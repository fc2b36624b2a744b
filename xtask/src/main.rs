//! The development commands of this workspace: `cargo xtask --help`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

mod bench;
mod bite;
mod ci;
mod command;
mod conformance;
mod dependency_rules;
mod differential;
mod faults;
mod features;
mod judge;
mod lock;
mod miri;
mod nats_server;
mod rust_version;
mod stage;
mod test;
mod twin;
mod versions;
mod workspace;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pubsub_testkit::nats_server::ServerVersion;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Development commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// All checks, then all tests; stops at the first stage that fails
    Ci,
    /// All tests: unit, documentation, integration and the conformance suite on both backends
    Test {
        /// Handed to `cargo test`, such as `-p pubsub-nats` or the name of a test
        #[arg(last = true)]
        cargo_arguments: Vec<String>,
    },
    /// Runs the suite on deliberately wrong backends; fails unless each is caught by the case that is named for it
    Bite(bite::Arguments),
    /// The conformance suite on one backend, as a table and as JSON; fails if a case fails
    Conformance(conformance::Arguments),
    /// Random operations on the memory backend and on a real nats-server; fails if a result differs
    Differential(differential::Arguments),
    /// The history of a failed case, judged again; fails if it breaks a rule
    Judge(judge::Arguments),
    /// The memory backend and a real nats-server, asked the same questions, side by side; fails if an answer differs
    Twin(twin::Arguments),
    /// The memory backend's unit tests under Miri; fails where no nightly toolchain has it
    Miri,
    /// The backends beside what one would use instead, in rounds; fails if a row is below its gate
    Bench(bench::Arguments),
    /// Servers and wires that break under load, over this library and over async-nats; fails if a target is missed
    Faults(faults::Arguments),
    /// The suite on each pinned version of nats-server, and the README's table of features that is made of these runs
    Versions(versions::Arguments),
    /// Prints the path of a nats-server, obtaining it if there is none
    NatsServer {
        /// This version and no other, such as 2.10.26
        #[arg(long)]
        version: Option<ServerVersion>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Ci => ci::run_all(),
        Task::Test { cargo_arguments } => test::run_tests(&cargo_arguments),
        Task::Bite(arguments) => bite::run(&arguments),
        Task::Conformance(arguments) => conformance::run(&arguments),
        Task::Differential(arguments) => differential::run(&arguments),
        Task::Judge(arguments) => judge::run(&arguments),
        Task::Twin(arguments) => twin::run(&arguments),
        Task::Miri => miri::run_unit_tests(),
        Task::Versions(arguments) => versions::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Faults(arguments) => faults::run(&arguments),
        Task::NatsServer { version } => nats_server::print_path(version),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
