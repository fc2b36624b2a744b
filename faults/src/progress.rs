//! How far it is, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::Result;

/// A bar over all runs; indicatif draws nothing where there is no terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn over(runs: u64) -> Result<Self> {
        let bar = ProgressBar::new(runs);
        bar.set_style(ProgressStyle::with_template(
            "{elapsed} {wide_bar} {pos}/{len} runs, {eta} left  {msg}",
        )?);
        bar.enable_steady_tick(Duration::from_millis(500));
        Ok(Self(bar))
    }

    pub(crate) fn begin(&self, what: String) {
        self.0.set_message(what);
    }

    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: &str) {
        if self.0.is_hidden() {
            eprintln!("{line}");
        } else {
            self.0.println(line);
        }
    }

    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}
