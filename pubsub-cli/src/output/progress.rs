//! How far long work is, on a terminal: [`Progress`].

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error; nothing where that is no terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Over so many of what is counted; without a number it only turns.
    pub(crate) fn over(total: Option<u64>, what: &str) -> Self {
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                format!("{{elapsed}} {{wide_bar}} {{pos}}/{{len}} {what}, {{eta}} left  {{msg}}"),
            ),
            None => (ProgressBar::new_spinner(), format!("{{elapsed}} {{spinner}} {{pos}} {what}  {{msg}}")),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Draws nothing.
    pub(crate) fn none() -> Self {
        Self(ProgressBar::hidden())
    }

    pub(crate) fn at(&self, position: u64) {
        self.0.set_position(position);
    }

    pub(crate) fn of(&self, position: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(position);
    }

    pub(crate) fn say(&self, text: String) {
        self.0.set_message(text);
    }

    /// Prints something without the bar in between.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
