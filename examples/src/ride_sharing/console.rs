//! What people see while the job runs: stages, broken lines, a progress bar. All of it on standard error, so that
//! standard output holds the report alone.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pubsub::Error;

const BAR: &str = "{elapsed:>4} [{bar:40}] {pos}/{len} deliveries acked";

/// Where stages and complaints go.
pub struct Console {
    out: Mutex<Box<dyn Write + Send>>,
    bar: ProgressBar,
    quiet: bool,
}

impl Console {
    /// Writes to standard error; the bar is drawn if that is a terminal. `quiet` leaves out stages and bar.
    #[must_use]
    pub fn terminal(quiet: bool) -> Self {
        let bar = if quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr())
        };
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style);
        }
        Self { out: Mutex::new(Box::new(io::stderr())), bar, quiet }
    }

    /// Writes to `out`, without a bar.
    #[must_use]
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self { out: Mutex::new(Box::new(out)), bar: ProgressBar::hidden(), quiet: false }
    }

    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    pub(super) fn stage(&self, what: &str) {
        if !self.quiet {
            self.line(what);
        }
    }

    pub(super) fn broken_line(&self, number: u64, reason: &str) {
        self.line(&format!("line {number}: {reason}"));
    }

    pub(super) fn error(&self, error: &Error) {
        self.bar.finish_and_clear();
        self.line(&format!("error: {error}"));
    }

    /// A line that cannot be written is not worth ending the job for.
    fn line(&self, text: &str) {
        self.bar.suspend(|| {
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = writeln!(out, "{text}");
        });
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("quiet", &self.quiet).finish_non_exhaustive()
    }
}
