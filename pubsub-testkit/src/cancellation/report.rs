//! What dropping did: [`CancellationReport`].

use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use pubsub_core::{Error, ErrorKind, Result};
use serde::Serialize;

use super::drive::drive;
use crate::harness::IntoHarness;

/// One call, dropped at each of its await points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CutCall {
    /// The call.
    pub call: &'static str,
    /// How often it was dropped: before its first poll, after each poll that did not end it, and when it was woken after
    /// each of them.
    pub cuts: usize,
    /// Whether the backend declares what the call needs; otherwise it was not made.
    pub supported: bool,
    /// What went wrong, and after how many polls; or that the harness expects a capability which is not declared.
    pub findings: Vec<String>,
}

/// What became of a backend whose futures were dropped.
///
/// As JSON it is `{"backend", "calls": [{"call", "cuts", "supported", "findings": ["what"]}]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CancellationReport {
    /// The backend, as its harness calls it.
    pub backend: String,
    /// All calls.
    pub calls: Vec<CutCall>,
}

impl CancellationReport {
    /// Drops everything everywhere, each attempt on a fresh harness. Blocks, on threads of its own: some seconds on virtual
    /// time, up to a minute on real time; not to be called inside a runtime.
    ///
    /// # Errors
    /// What keeps a first harness from being made.
    pub fn of<H: IntoHarness>(harness: impl Fn() -> H + Sync) -> Result<Self> {
        drive(harness, |_| true)
    }

    /// The same for one call, by its name in the report, such as `Consumer::fetch`.
    ///
    /// # Errors
    /// As [`of`](Self::of); `InvalidInput` for a call that is not among them.
    pub fn of_call<H: IntoHarness>(call: &str, harness: impl Fn() -> H + Sync) -> Result<Self> {
        let report = drive(harness, |name| name == call)?;
        if report.calls.is_empty() {
            let error = Error::new(ErrorKind::InvalidInput, "there is no such call to be dropped");
            return Err(error.with_context("call", call.to_owned()));
        }
        Ok(report)
    }

    /// Whether something went wrong.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.calls.iter().any(|call| !call.findings.is_empty())
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: nothing that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The calls as a table, then what went wrong, then the counts.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header(["call", "times dropped", "outcome"]);
        for call in &self.calls {
            let outcome = match (call.supported, call.findings.len()) {
                (false, 0) => "not supported".to_owned(),
                (true, 0) => "goes on".to_owned(),
                (_, wrong) => format!("{wrong} wrong"),
            };
            table.add_row([call.call, &call.cuts.to_string(), &outcome]);
        }
        let mut text = format!("{table}\n\n");
        for call in &self.calls {
            for finding in &call.findings {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{} {}", call.call, finding.trim_end());
            }
        }
        let cuts: usize = self.calls.iter().map(|call| call.cuts).sum();
        let wrong = self.calls.iter().filter(|call| !call.findings.is_empty()).count();
        let _ = writeln!(
            text,
            "\n{}: {} calls dropped {cuts} times, {wrong} of them went wrong",
            self.backend,
            self.calls.len()
        );
        text
    }
}
