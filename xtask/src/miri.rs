//! `cargo xtask miri`: the memory backend's unit tests under Miri, where a nightly toolchain has it.

use std::process::Command;

use crate::command::{run, succeeds};
use crate::{Result, stage};

/// Runs them, or says what is missing: a check that did not run must not look like one that passed.
pub(crate) fn run_unit_tests() -> Result<()> {
    stage::heading("miri");
    if !succeeds(nightly().args(["miri", "--version"])) {
        return Err("Miri is not installed: `rustup toolchain install nightly --component miri`".into());
    }
    // The tests read tokio's clock, which Miri's isolation forbids.
    let mut command = nightly();
    command.args(["miri", "test", "--locked", "--package", "pubsub-memory", "--lib"]);
    run(command.env("MIRIFLAGS", "-Zmiri-disable-isolation"))
}

/// The nightly toolchain's cargo. The one that runs this program knows of no other toolchain.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]);
    command
}
