//! `cargo xtask test`: a server, then cargo's tests, all of them.

use crate::command::{cargo, run};
use crate::{Result, nats_server, stage};

/// Obtains a server and hands it to `cargo test`, which has the last word.
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
    run(command.args(cargo_arguments).env("NATS_SERVER_BIN", server.path()))
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
