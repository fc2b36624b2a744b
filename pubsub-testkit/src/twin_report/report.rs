//! The answers side by side: [`TwinReport`].

use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use pubsub_core::Result;
use serde::Serialize;

use super::compare::compare;
use crate::harness::IntoHarness;

/// One question and both answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TwinLine {
    /// What the probe is about.
    pub probe: &'static str,
    /// What is asked.
    pub question: String,
    /// What the reference answers.
    pub reference: String,
    /// What the subject answers.
    pub subject: String,
}

impl TwinLine {
    /// Whether the answers are not the same.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.reference != self.subject
    }
}

/// What two backends answer to the same questions.
///
/// As JSON it is `{"reference", "subject", "lines": [{"probe", "question", "reference", "subject"}], "left_out": ["why"]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TwinReport {
    /// The reference: the server and its version, or the backend's name.
    pub reference: String,
    /// The subject, likewise.
    pub subject: String,
    /// All questions, in order.
    pub lines: Vec<TwinLine>,
    /// The probes that were not asked, since a side lacks a capability for them.
    pub left_out: Vec<String>,
}

impl TwinReport {
    pub(super) fn new(reference: String, subject: String) -> Self {
        Self { reference, subject, lines: Vec::new(), left_out: Vec::new() }
    }

    /// Asks both everything, each probe on a fresh harness. Blocks for some seconds where time is real, on threads of its
    /// own; not to be called inside a runtime.
    ///
    /// # Errors
    /// What keeps a harness from being made. A probe that fails on the way is an answer, not an error.
    pub fn of<R: IntoHarness, S: IntoHarness>(
        reference: impl Fn() -> R + Sync,
        subject: impl Fn() -> S + Sync,
    ) -> Result<Self> {
        compare(reference, subject)
    }

    /// Whether any answer of the subject is not the reference's.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.lines.iter().any(TwinLine::differs)
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings only: nothing that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// All answers as one table, then what was left out, then the counts. A line that differs begins with `!`.
    #[must_use]
    pub fn table(&self) -> String {
        self.table_of(|_| true)
    }

    /// As [`table`](Self::table), with the lines that differ alone.
    #[must_use]
    pub fn differences(&self) -> String {
        self.table_of(TwinLine::differs)
    }

    fn table_of(&self, shown: impl Fn(&TwinLine) -> bool) -> String {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header([
            "",
            "about",
            "question",
            &self.reference,
            &self.subject,
        ]);
        for line in self.lines.iter().filter(|line| shown(line)) {
            let mark = if line.differs() { "!" } else { "" };
            table.add_row([mark, line.probe, &line.question, &line.reference, &line.subject]);
        }
        let mut text = format!("{table}\n");
        for reason in &self.left_out {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "left out: {reason}");
        }
        let differing = self.lines.iter().filter(|line| line.differs()).count();
        let _ = writeln!(text, "\n{} questions, {differing} answered differently", self.lines.len());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_marked_and_counted() {
        let line = |question: &str, subject: &str| TwinLine {
            probe: "nak",
            question: question.to_owned(),
            reference: "comes again".to_owned(),
            subject: subject.to_owned(),
        };
        let mut report = TwinReport::new("server".to_owned(), "mine".to_owned());
        report.lines.push(line("at once", "comes again"));
        assert!(!report.differs());
        report.lines.push(line("after a delay", "never comes"));
        assert!(report.differs());
        let table = report.table();
        assert!(table.contains("2 questions, 1 answered differently"), "{table}");
        let differences = report.differences();
        assert!(differences.contains("never comes") && !differences.contains("at once"), "{differences}");
    }
}
