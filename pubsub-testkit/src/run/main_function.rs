//! The suite as a program of its own: [`main!`](crate::main).

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial, run};

use super::histories::saved;
use super::run_case;
use super::suite::{suits, without_harness};
use crate::case::Case;
use crate::harness::IntoHarness;
use crate::report::Outcome;

/// Makes a `main` that runs the suite with the arguments of `cargo test` (a filter, `--list`, `--test-threads`, ...). Unlike
/// [`suite!`](crate::suite), it reports a case that did not run as *ignored*, with its reason, and runs three cases for two cores
/// at once on a real clock, where a case waits most of its time. The test target needs `harness = false` in its
/// `Cargo.toml`.
///
/// ```
/// # #[cfg(feature = "memory")] mod whole_file {
/// use pubsub_testkit::MemoryHarness;
///
/// pubsub_testkit::main!(MemoryHarness::new());
/// # }
/// ```
#[macro_export]
macro_rules! main {
    ($harness:expr $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::run_as_main(|| $harness)
        }
    };
}

/// Runs the suite as the arguments of the process say. For [`main!`](crate::main).
#[doc(hidden)]
pub fn run_as_main<H: IntoHarness + 'static>(harness: fn() -> H) -> ExitCode {
    let mut arguments = Arguments::from_args();
    if arguments.test_threads.is_none() && !arguments.list {
        let said = env::var("RUST_TEST_THREADS").ok().and_then(|said| said.parse().ok());
        arguments.test_threads = Some(said.unwrap_or_else(|| suits(harness)));
    }
    run(&arguments, trials(harness)).exit_code()
}

fn trials<H: IntoHarness + 'static>(harness: fn() -> H) -> Vec<Trial> {
    let trial = |case: &'static Case| Trial::ignorable_test(case.test, move || completion(case, harness));
    Case::all().iter().map(trial).collect()
}

fn completion<H: IntoHarness>(case: &'static Case, harness: fn() -> H) -> Result<Completion, Failed> {
    let ended = match harness().into_harness() {
        Ok(harness) => run_case(case, harness),
        Err(error) => without_harness(case, &error),
    };
    let saved = saved(&ended);
    let reason = ended.reason.unwrap_or_default();
    match ended.outcome {
        Outcome::Passed => Ok(Completion::Completed),
        Outcome::Refused | Outcome::Skipped => {
            Ok(Completion::ignored_with(format!("{}: {reason}", ended.outcome)))
        }
        Outcome::Failed => Err(format!("{}\n{saved}", reason.trim_end()).into()),
    }
}
