//! What is kept of failed cases: their histories, and where they are written.

use std::env;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::case::Case;
use crate::history::History;
use crate::history::saved::CaseHistory;
use crate::judge::Rule;
use crate::report::CaseReport;

/// Where histories are written.
const DIRECTORY: &str = "PUBSUB_HISTORIES";

/// The history of the case that runs, for whoever reports it: it is there too if the case panics or does not end.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<(History, Vec<Rule>)>>);

impl Kept {
    pub(super) fn keep(&self, history: History, excused: Vec<Rule>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((history, excused));
    }

    pub(super) fn history(&self, case: &Case, backend: &str, server: Option<String>) -> Option<CaseHistory> {
        let (history, excused) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(CaseHistory::new(case.test, backend, server, &excused, history.events()))
    }
}

/// The directory into which [`suite!`](crate::suite) and [`main!`](crate::main) write the histories of failed cases: that of the
/// environment variable `PUBSUB_HISTORIES`, else `histories` in the target directory of cargo, else in that for temporary
/// files.
#[must_use]
pub fn histories_directory() -> PathBuf {
    if let Some(chosen) = env::var_os(DIRECTORY).filter(|path| !path.is_empty()) {
        return PathBuf::from(chosen);
    }
    let program = env::current_exe().ok();
    // Cargo marks its target directory so that no backup takes it.
    let target = program.as_ref().and_then(|program| {
        program.ancestors().find(|directory| directory.join("CACHEDIR.TAG").is_file()).map(PathBuf::from)
    });
    target.unwrap_or_else(env::temp_dir).join("histories")
}

/// Writes the history of a failed case, and says where in words; empty if there is none.
pub(super) fn saved(ended: &CaseReport) -> String {
    let Some(history) = &ended.history else { return String::new() };
    match history.save(&histories_directory()) {
        Ok(path) => format!("the whole history: {}\n", path.display()),
        Err(error) => format!("the whole history is lost: {error}\n"),
    }
}
