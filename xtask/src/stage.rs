//! Named, timed stages.

use std::time::{Duration, Instant};

use crate::Result;

/// Runs stages one after the other and says how long each took.
#[derive(Debug)]
pub(crate) struct Stages {
    command: &'static str,
    begun: Instant,
    passed: usize,
}

impl Stages {
    pub(crate) fn of(command: &'static str) -> Self {
        Self { command, begun: Instant::now(), passed: 0 }
    }

    /// Runs one stage. Its failure carries its name.
    pub(crate) fn run(&mut self, name: &str, stage: impl FnOnce() -> Result<()>) -> Result<()> {
        heading(name);
        let begun = Instant::now();
        let done = stage();
        let took = seconds(begun.elapsed());
        if let Err(error) = done {
            return Err(format!("{}: stage `{name}` failed after {took}: {error}", self.command).into());
        }
        eprintln!("    {name}: passed in {took}");
        self.passed += 1;
        Ok(())
    }

    /// Says that all is well.
    pub(crate) fn finish(self) {
        let took = seconds(self.begun.elapsed());
        eprintln!("==> {}: all {} stages passed in {took}", self.command, self.passed);
    }
}

/// One line that says what comes now.
pub(crate) fn heading(name: &str) {
    eprintln!("==> {name}");
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
