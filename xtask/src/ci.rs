//! `cargo xtask ci`: every check that a change must pass, the quick ones first.

use std::process::Command;

use crate::command::{cargo, run, succeeds};
use crate::stage::Stages;
use crate::workspace::Workspace;
use crate::{Result, dependency_rules, faults, features, rust_version, test, versions};

/// Runs all stages; the first that fails ends it.
pub(crate) fn run_all() -> Result<()> {
    let mut stages = Stages::of("ci");
    let workspace = Workspace::read()?;
    stages.run("format", || run(&mut cargo(["fmt", "--all", "--", "--check"])))?;
    stages.run("dependency rules", || dependency_rules::check(&workspace))?;
    stages.run("rust-version of dependencies", rust_version::check)?;
    stages.run("licences and sources", licences)?;
    stages.run("clippy", clippy)?;
    stages.run("feature combinations", || features::check(&workspace))?;
    stages.run("rustdoc", rustdoc)?;
    stages.run("tests", || test::run_tests(&[]))?;
    stages.run("faults", faults::run_quick)?;
    stages.run("server versions", server_versions)?;
    stages.finish();
    Ok(())
}

fn licences() -> Result<()> {
    if succeeds(&mut cargo(["deny", "--version"])) {
        // Not `advisories`: their database is fetched, and changes without us.
        run(&mut cargo(["deny", "--locked", "check", "licenses", "bans", "sources"]))
    } else {
        eprintln!("    left out: cargo-deny is not installed (`cargo install cargo-deny`)");
        Ok(())
    }
}

fn server_versions() -> Result<()> {
    if succeeds(Command::new("python3").args(["-m", "pip", "--version"])) || versions::are_there() {
        versions::run(&versions::Arguments::to_check())
    } else {
        eprintln!("    left out: `python3 -m pip` does not run, and it is needed to obtain each nats-server");
        Ok(())
    }
}

fn clippy() -> Result<()> {
    let arguments =
        ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"];
    run(&mut cargo(arguments))
}

/// The public documentation only: with private items the lint on links from public to private ones is silent.
fn rustdoc() -> Result<()> {
    let arguments = ["doc", "--workspace", "--all-features", "--no-deps", "--locked"];
    run(cargo(arguments).env("RUSTDOCFLAGS", "-D warnings"))
}
