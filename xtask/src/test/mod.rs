//! `cargo xtask test`: a server, then cargo's tests, all of them.

mod closing;

use std::io::Write as _;

use crate::command::{cargo, run_reading};
use crate::{Result, nats_server, stage};
use closing::Closing;

/// Obtains a server, hands it to `cargo test`, and says at the end what failed.
pub(crate) fn run_tests(cargo_arguments: &[String]) -> Result<()> {
    stage::heading("nats-server");
    let server = nats_server::obtain(None)?;
    eprintln!("    {} ({})", server.path().display(), server.version());

    stage::heading("cargo test");
    // Without `--no-fail-fast` the first failing crate would hide the rest, and all the doctests.
    let mut command = cargo(["test", "--all-features", "--locked", "--no-fail-fast"]);
    if !selects_packages(cargo_arguments) {
        command.arg("--workspace");
    }
    command.args(cargo_arguments).env("NATS_SERVER_BIN", server.path());
    let mut closing = Closing::default();
    let outcome = run_reading(&mut command, |line| closing.read(line));
    // In one piece, behind all that was printed to the one and the other output.
    std::io::stdout().flush()?;
    eprint!("{}", closing.text());
    outcome
}

fn selects_packages(cargo_arguments: &[String]) -> bool {
    cargo_arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

#[cfg(test)]
mod tests {
    use super::selects_packages;

    #[test]
    fn a_package_is_selected_before_the_second_dashes_only() {
        let arguments = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(selects_packages(&arguments("-p pubsub-core name")));
        assert!(selects_packages(&arguments("--package=pubsub-core")));
        assert!(!selects_packages(&arguments("name -- -p")));
    }
}
