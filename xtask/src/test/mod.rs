//! `cargo xtask test`: a server, then cargo's tests, all of them.

mod closing;

use std::io::Write as _;

use crate::command::{cargo, run_reading};
use crate::{Result, nats_server, stage};
use closing::Closing;

/// The most failed tests that are run again: where more fail, it is no chance.
const AGAIN: usize = 3;

/// Obtains a server, hands it to `cargo test`, and says at the end what failed.
///
/// A few failed tests are run again, by themselves. What passes then is reported as flaky, with how it failed, and does not fail the
/// run: on a machine that does other things too, a real server and real time are late now and then.
pub(crate) fn run_tests(cargo_arguments: &[String]) -> Result<()> {
    stage::heading("nats-server");
    let server = nats_server::obtain(None)?;
    eprintln!("    {} ({})", server.path().display(), server.version());

    stage::heading("cargo test");
    // Without `--no-fail-fast` the first failing crate would hide the rest, and all the doctests.
    let run = |further: &[String]| {
        let mut command = cargo(["test", "--all-features", "--locked", "--no-fail-fast"]);
        if !selects_packages(cargo_arguments) {
            command.arg("--workspace");
        }
        command.args(cargo_arguments).args(further).env("NATS_SERVER_BIN", server.path());
        let mut closing = Closing::default();
        let outcome = run_reading(&mut command, |line| closing.read(line));
        // In one piece, behind all that was printed to the one and the other output.
        std::io::stdout().flush()?;
        Ok::<_, Box<dyn std::error::Error>>((closing, outcome))
    };
    let (first, outcome) = run(&[])?;
    let failed: Vec<String> = first.failed().map(str::to_owned).collect();
    eprint!("{}", first.text("FAILED"));
    if outcome.is_ok() || failed.is_empty() || failed.len() > AGAIN || has_own_filter(cargo_arguments) {
        return outcome;
    }

    stage::heading(&format!("again: {}", failed.join(" ")));
    let flags = ["--", "--exact", "--test-threads=1"].map(str::to_owned);
    let exactly: Vec<String> = flags.iter().chain(&failed).cloned().collect();
    let (second, outcome) = run(&exactly)?;
    eprint!("{}", second.text("FAILED AGAIN"));
    outcome?;
    if !second.has_passed(failed.len()) {
        return Err("a test that failed was not found again".into());
    }
    eprint!("{}", first.text("FLAKY"));
    Ok(())
}

/// What is handed to the test programs themselves cannot be joined with other names.
fn has_own_filter(cargo_arguments: &[String]) -> bool {
    cargo_arguments.iter().any(|argument| argument == "--")
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
