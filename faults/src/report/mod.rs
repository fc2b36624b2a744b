//! What came of all runs: [`Report`].

mod machine;
mod page;
mod table;

use serde::Serialize;

use crate::Result;
use crate::run::Row;
use machine::Machine;

/// Every run. As JSON: `{"machine", "rows": [{"scenario", "about", "driver", "server", "seconds", "runs": [..], "worst",
/// "targets", "missed"}]}`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(rows: Vec<Row>) -> Result<Self> {
        Ok(Self { machine: Machine::read()?, rows })
    }

    /// The targets that were not reached, with figures.
    pub(crate) fn missed(&self) -> Vec<String> {
        let missed = self.rows.iter().flat_map(|row| row.missed.iter().map(|missed| (row.scenario, missed)));
        missed.map(|(scenario, missed)| format!("{scenario}: {missed}")).collect()
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        table::of(&self.rows)
    }

    /// The page of the documentation.
    pub(crate) fn page(&self) -> String {
        page::of(self)
    }

    pub(crate) fn to_json(&self) -> String {
        // Strings and numbers only: nothing that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
