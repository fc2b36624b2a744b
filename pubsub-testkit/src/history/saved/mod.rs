//! A history as a file, to be read and judged again: [`CaseHistory`], [`judge_history`].

pub(crate) mod message;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use std::fmt::{self, Debug, Formatter};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pubsub_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::timeline;
use crate::judge::{self, Rule};

/// What this kit writes. It grows with every change that an older kit cannot read.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    format: u32,
    case: String,
    backend: String,
    server: Option<String>,
    /// The names of the rules that the case breaks by design.
    excused: Vec<String>,
    events: Vec<Event>,
}

/// Everything that a failed case did and saw, in order. It can be written as JSON, and [judged again](judge_history).
///
/// The JSON has the payloads and headers of the case's own messages in it.
#[derive(Clone)]
pub struct CaseHistory(Arc<Saved>);

impl CaseHistory {
    pub(crate) fn new(
        case: &str,
        backend: &str,
        server: Option<String>,
        excused: &[Rule],
        events: Vec<Event>,
    ) -> Self {
        let excused = excused.iter().map(|rule| rule.name().to_owned()).collect();
        let (case, backend) = (case.to_owned(), backend.to_owned());
        Self(Arc::new(Saved { format: FORMAT, case, backend, server, excused, events }))
    }

    /// How many events it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.events.len()
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.events.is_empty()
    }

    /// The history as JSON: `{"format", "case", "backend", "server", "excused", "events": [{"order", "at", "what"}]}`, with
    /// times in nanoseconds since the beginning of the case.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: nothing that JSON cannot say.
        serde_json::to_string_pretty(self.0.as_ref()).unwrap_or_default()
    }

    /// Writes it into this directory, which is made if it is missing, and tells the file. One of the same case and
    /// backend is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`](pubsub_core::ErrorKind::Unexpected) if the file cannot be written, with its path.
    pub fn save(&self, directory: &Path) -> Result<PathBuf> {
        let plain = |name: &str| name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let path = directory.join(format!("{}-{}.json", plain(&self.0.case), plain(&self.0.backend)));
        let write = || {
            fs::create_dir_all(directory)?;
            fs::write(&path, self.to_json())
        };
        write().map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "the history of a failed case cannot be written")
                .with_context("path", path.display())
                .with_source(cause)
        })?;
        Ok(path)
    }
}

/// Without the events, which hold payloads.
impl Debug for CaseHistory {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseHistory").field("case", &self.0.case).field("events", &self.len()).finish()
    }
}

impl PartialEq for CaseHistory {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.to_json() == other.to_json()
    }
}

impl Eq for CaseHistory {}

/// What the rules make of a history that was read again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judged {
    /// The case that it is of.
    pub case: String,
    /// The backend on which it came to be.
    pub backend: String,
    /// How many events it has.
    pub events: usize,
    /// The names of the rules that it breaks, once each.
    pub broken: Vec<&'static str>,
    /// The violations as people read them, each with its slice of the history; empty if no rule is broken.
    pub report: String,
    /// The whole history as a timeline.
    pub timeline: String,
}

/// Judges a [history](CaseHistory::to_json) that was written before, by the rules as they are now. What a case checks for
/// itself is no rule, and is not checked again.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use pubsub_testkit::wrong::WrongBackend;
/// use pubsub_testkit::{Filter, MemoryHarness, judge_history, run_suite};
///
/// let wrong = WrongBackend::all().iter().find(|wrong| wrong.name() == "drops headers").ok_or("no such one")?;
/// let report = run_suite(|| wrong.over(MemoryHarness::new()), &Filter::only(["A1"])?);
/// let history = report.cases[0].history.as_ref().ok_or("it failed")?;
/// let judged = judge_history(&history.to_json())?;
/// assert_eq!(judged.broken, ["nothing phantom"]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Codec`](pubsub_core::ErrorKind::Codec) if it is not such JSON, or of a kit whose format is another.
pub fn judge_history(json: &str) -> Result<Judged> {
    let saved: Saved = serde_json::from_str(json)
        .map_err(|cause| Error::new(ErrorKind::Codec, "this is no history of a case").with_source(cause))?;
    if saved.format != FORMAT {
        let text = format!("the history is of format {}; this kit reads {FORMAT}", saved.format);
        return Err(
            Error::new(ErrorKind::Codec, text).with_remedy("judge it with the kit that has written it")
        );
    }
    let excused: Vec<Rule> = Rule::ALL
        .iter()
        .filter(|rule| saved.excused.iter().any(|name| name == rule.name()))
        .copied()
        .collect();
    let violations = judge::judge(&saved.events, &excused);
    let mut broken: Vec<_> = violations.iter().map(|violation| violation.rule.name()).collect();
    broken.dedup();
    Ok(Judged {
        case: saved.case,
        backend: saved.backend,
        events: saved.events.len(),
        broken,
        report: judge::report(&violations, &saved.events),
        timeline: timeline::all(&saved.events),
    })
}
