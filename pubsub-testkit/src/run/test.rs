//! One case as a `#[test]`: what [`suite!`](crate::suite) calls.

use super::histories::saved;
use super::run_case;
use super::suite::without_harness;
use crate::case::Case;
use crate::harness::IntoHarness;
use crate::report::Outcome;

/// Runs the case of this test name. For [`suite!`](crate::suite).
///
/// # Panics
/// If the case fails, with the reason, the slice of the history that shows it, and how to run it alone. A refused or skipped case prints its
/// reason, which the test runner shows with `--nocapture`.
#[doc(hidden)]
pub fn run_as_test<H: IntoHarness>(test: &str, harness: impl FnOnce() -> H) {
    let Some(case) = Case::all().iter().find(|case| case.test == test) else {
        fail(&format!("no case is called {test}"));
    };
    let ended = match harness().into_harness() {
        Ok(harness) => run_case(case, harness),
        Err(error) => without_harness(case, &error),
    };
    let saved = saved(&ended);
    let reason = ended.reason.unwrap_or_default();
    match ended.outcome {
        Outcome::Passed => {}
        Outcome::Refused | Outcome::Skipped => tell(&format!("{} {}: {reason}", ended.id, ended.outcome)),
        Outcome::Failed => {
            let (id, name, reason) = (ended.id, ended.name.replace('_', " "), reason.trim_end());
            fail(&format!("{id} {name}\n{reason}\n{saved}this case alone: cargo test {test}"))
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the test runner captures it, and cannot be told of a skip otherwise"
)]
fn tell(line: &str) {
    println!("{line}");
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn fail(reason: &str) -> ! {
    panic!("{reason}")
}
