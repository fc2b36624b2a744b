//! What came of a measurement: [`Report`].

mod table;
mod verdict;

use serde::Serialize;

use crate::measure::{ContenderResult, Effort, RowResult};
use verdict::Judged;

/// Every round, and what was claimed of it. As JSON: `{"effort", "machine", "rows": [{"id", "name", "about", "contenders":
/// [{"name", "allocations", "rounds": [..]}], "claims": [{"of", "against", "metric", "value", "rounds", "gate", "goal",
/// "stretch", "outcome"}]}]}`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    effort: Effort,
    machine: Machine,
    rows: Vec<RowReport>,
}

#[derive(Debug, Serialize)]
struct Machine {
    cores: usize,
    system: &'static str,
    architecture: &'static str,
}

#[derive(Debug, Serialize)]
struct RowReport {
    id: &'static str,
    name: &'static str,
    about: &'static str,
    contenders: Vec<ContenderResult>,
    claims: Vec<Judged>,
    /// Why it was not measured to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl Report {
    pub(crate) fn new(effort: Effort, results: &[RowResult]) -> Self {
        let machine = Machine {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
        };
        Self { effort, machine, rows: results.iter().map(RowReport::of).collect() }
    }

    /// How many claims do not reach their gate.
    pub(crate) fn below_gate(&self) -> usize {
        self.rows.iter().flat_map(|row| &row.claims).filter(|claim| claim.is_below()).count()
    }

    /// How many rows were not measured to their end.
    pub(crate) fn not_measured(&self) -> usize {
        self.rows.iter().filter(|row| row.failure.is_some()).count()
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        table::of(self)
    }

    pub(crate) fn to_json(&self) -> String {
        // Strings and numbers only: nothing that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl RowReport {
    fn of(RowResult { row, runs, failure }: &RowResult) -> Self {
        // Of a row that ended early nothing is claimed.
        let judged: &[ContenderResult] = if failure.is_some() { &[] } else { runs };
        let claims = row.claims.iter().map(|claim| Judged::of(claim, judged)).collect();
        let (contenders, failure) = (runs.clone(), failure.clone());
        Self { id: row.id, name: row.name, about: row.about, contenders, claims, failure }
    }
}

/// The middle of the values; of an even number, the mean of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
