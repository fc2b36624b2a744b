//! What is said at the end of a test run: [`Closing`].

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The most lines of a failure that are repeated.
const LINES: usize = 30;

/// Counts and failures of all test programs of one run, read from what they print.
///
/// Cargo runs some sixty programs, and goes on after one that fails: what failed would otherwise lie thousands of lines above
/// the end, where nobody who reads a log's last page sees it.
#[derive(Debug, Default)]
pub(super) struct Closing {
    passed: u64,
    failed: u64,
    ignored: u64,
    programs: usize,
    failures: BTreeMap<String, Vec<String>>,
    /// The failure whose lines come now.
    current: Option<String>,
}

impl Closing {
    /// Takes note of one line.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.current = None;
            self.programs += 1;
            self.passed += count(counts, "passed");
            self.failed += count(counts, "failed");
            self.ignored += count(counts, "ignored");
        } else if let Some(name) = failed(line) {
            self.failures.entry(name.to_owned()).or_default();
        } else if let Some(name) = heading(line) {
            self.failures.entry(name.to_owned()).or_default();
            self.current = Some(name.to_owned());
        } else if line == "failures:" || line == "stack backtrace:" {
            self.current = None;
        } else if let Some(lines) = self.current.as_ref().and_then(|name| self.failures.get_mut(name))
            && lines.len() < LINES
            && !line.is_empty()
        {
            lines.push(line.to_owned());
        }
    }

    /// The names of those that failed.
    pub(super) fn failed(&self) -> impl Iterator<Item = &str> {
        self.failures.keys().map(String::as_str)
    }

    /// Whether at least so many passed.
    pub(super) fn has_passed(&self, tests: usize) -> bool {
        usize::try_from(self.passed).is_ok_and(|passed| passed >= tests)
    }

    /// The counts of all programs, and each failure, with what it is called.
    pub(super) fn text(&self, called: &str) -> String {
        let Self { passed, failed, ignored, programs, .. } = self;
        let mut text = format!(
            "==> tests: {passed} passed, {failed} failed, {ignored} ignored in {programs} programs\n"
        );
        for (name, lines) in &self.failures {
            // Writing to a text does not fail.
            let _ = writeln!(text, "    {called} {name}");
            for line in lines {
                let _ = writeln!(text, "        {line}");
            }
        }
        text
    }
}

/// The name in `test NAME ... FAILED`.
fn failed(line: &str) -> Option<&str> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    outcome.starts_with("FAILED").then(|| name.trim_end())
}

/// The name in `---- NAME stdout ----`, or `---- NAME ----`.
fn heading(line: &str) -> Option<&str> {
    let name = line.strip_prefix("---- ")?.strip_suffix(" ----")?;
    Some(name.strip_suffix(" stdout").unwrap_or(name))
}

/// The number before a word, as in `3 failed; `.
fn count(counts: &str, what: &str) -> u64 {
    let words: Vec<&str> = counts.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
    let place = words.iter().position(|word| *word == what);
    place.and_then(|place| words.get(place.checked_sub(1)?)?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Closing;

    const OUTPUT: &str = "\
running 3 tests
test one ... ok
test two ... FAILED

failures:

---- two stdout ----

thread 'two' panicked at src/lib.rs:1:1:
no such ride
stack backtrace:
   0: std::panicking::begin
note: more


failures:
    two

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
test b3_nak_delay_is_kept   ... FAILED
---- b3_nak_delay_is_kept ----
too early

test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    #[test]
    fn failures_are_repeated_at_the_end_without_their_backtraces() {
        let mut closing = Closing::default();
        OUTPUT.lines().for_each(|line| closing.read(line));
        assert_eq!(closing.failed().collect::<Vec<_>>(), ["b3_nak_delay_is_kept", "two"]);
        assert_eq!(
            closing.text("FAILED"),
            "==> tests: 6 passed, 2 failed, 1 ignored in 2 programs
    FAILED b3_nak_delay_is_kept
        too early
    FAILED two
        thread 'two' panicked at src/lib.rs:1:1:
        no such ride
"
        );
    }
}
