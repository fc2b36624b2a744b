//! How a command tells what it found: tables and text for people, JSON for machines.

pub(crate) mod message;
mod pretty;
mod progress;
mod table;
pub(crate) mod visible;
pub(crate) mod words;

use std::io::{Stdout, Write as _};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

pub(crate) use progress::Progress;
pub(crate) use table::{Align, Table};

use crate::failure::Failure;

/// What stands out: names of columns, subjects of messages.
pub(crate) const STRONG: Style = Style::new().bold();
/// What is beside the point: headers, times.
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const CAREFUL: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Standard output, in one of two languages. Colours are left out where `NO_COLOR` is set, where the terminal has none, and
/// where there is no terminal.
pub(crate) struct Output {
    to: AutoStream<Stdout>,
    is_json: bool,
}

impl Output {
    pub(crate) fn new(is_json: bool) -> Self {
        Self { to: anstream::stdout(), is_json }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.is_json
    }

    /// A document that ends the output.
    pub(crate) fn json(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(unwritable)?;
        self.text(&format!("{text}\n"))
    }

    /// One of several, in a line of its own.
    pub(crate) fn json_line(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(unwritable)?;
        self.text(&format!("{text}\n"))
    }

    pub(crate) fn table(&mut self, table: &Table) -> Result<(), Failure> {
        self.text(&table.to_string())
    }

    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text(&format!("{text}\n"))
    }

    /// Whoever reads a pipe sees it at once.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush()).map_err(Failure::Output)
    }

    /// Either a document, or a line.
    pub(crate) fn tell(&mut self, value: &impl Serialize, line: &str) -> Result<(), Failure> {
        if self.is_json { self.json(value) } else { self.line(line) }
    }
}

/// What a value of our own says that has no JSON: a time before 1970.
fn unwritable(error: serde_json::Error) -> Failure {
    Failure::Output(error.into())
}

/// A remark on standard error, that is no part of what was asked for.
pub(crate) fn note(text: &str) {
    // Without standard error there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// A failure on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {text}");
}
