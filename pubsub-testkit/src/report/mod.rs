//! What came of a run: [`Report`].

#[cfg(feature = "junit")]
mod junit;
mod markdown;
pub(crate) mod stress_table;
mod table;

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

use pubsub_core::Result;
use serde::Serialize;

use crate::cases::waiting::Waiting;
use crate::history::saved::CaseHistory;

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The backend declares what the case needs, and does as it should.
    Passed,
    /// The backend does not declare what the case needs, and refuses it before any side effect: the negative twin passed.
    Refused,
    /// Neither could run; the reason says why.
    Skipped,
    /// The backend does not do as it should.
    Failed,
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        })
    }
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// The id in the catalogue.
    pub id: &'static str,
    /// What it proves.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Why. Of a failure, with the slice of the history that shows it; of a passed case only if a rule does not
    /// hold there by design.
    pub reason: Option<String>,
    /// How long it took by a real clock, in milliseconds.
    pub millis: u64,
    /// Of a failed case, everything that it did and saw.
    #[serde(skip)]
    pub history: Option<CaseHistory>,
}

/// What came of a run of the suite. Every case is in it, those that did not run with their reason.
///
/// As JSON it is `{"backend", "server", "cases": [{"id", "name", "outcome", "reason", "millis"}], "waiting": [{"id",
/// "title", "waits_for"}]}`, with the outcomes `passed`, `refused`, `skipped` and `failed`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The backend, as its harness calls it.
    pub backend: String,
    /// The server behind it and its version.
    pub server: Option<String>,
    /// The cases in the order of the catalogue.
    pub cases: Vec<CaseReport>,
    /// The cases of the catalogue that are not there yet, if the whole suite was run.
    pub waiting: &'static [Waiting],
}

impl Report {
    /// Whether a case failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.count(Outcome::Failed) > 0
    }

    /// How many cases ended like that.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.cases.iter().filter(|case| case.outcome == outcome).count()
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: nothing that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Writes the history of each failed case into this directory, and tells the files.
    ///
    /// # Errors
    /// As [`CaseHistory::save`].
    pub fn save_histories(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        self.cases
            .iter()
            .filter_map(|case| case.history.as_ref())
            .map(|history| history.save(directory))
            .collect()
    }

    /// The report as a table for people, with a line for each case, then the reasons of all that did not pass, then
    /// the counts.
    #[must_use]
    pub fn table(&self) -> String {
        table::of(self)
    }

    /// The report as Markdown: the badge, the counts, a table of all cases, and the reasons of those that did not pass.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// # use pubsub_testkit::{Filter, MemoryHarness, run_suite};
    /// let report = run_suite(MemoryHarness::new, &Filter::only(["A1"])?);
    /// assert!(report.markdown().starts_with("![conformance: 1 passed]"));
    /// # }
    /// # Ok::<(), pubsub_core::Error>(())
    /// ```
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::of(self)
    }

    /// One line of Markdown with a badge that says how many cases passed, for a README. Its picture comes from shields.io.
    #[must_use]
    pub fn badge(&self) -> String {
        markdown::badge(self)
    }

    /// The report as JUnit XML. What was refused or skipped is a skipped test with its reason. Feature `junit`.
    #[cfg(feature = "junit")]
    #[must_use]
    pub fn junit(&self) -> String {
        junit::of(self)
    }
}
