//! What is drawn of a report: [`Bar`].

use serde::Deserialize;

use crate::Result;

/// One comparison of rates.
#[derive(Debug, PartialEq)]
pub(super) struct Bar {
    /// The row, and who is compared with whom.
    pub(super) label: String,
    /// The median of the ratios.
    pub(super) ratio: f64,
    /// The smallest and the largest ratio.
    pub(super) range: (f64, f64),
    pub(super) gate: f64,
    pub(super) goal: f64,
}

impl Bar {
    pub(super) fn reaches_its_gate(&self) -> bool {
        self.ratio >= self.gate
    }
}

/// The comparisons of rates in a report's JSON.
pub(super) fn of(report: &str) -> Result<Vec<Bar>> {
    let report: Report =
        serde_json::from_str(report).map_err(|cause| format!("this is no report: {cause}"))?;
    let bars: Vec<Bar> =
        report.rows.iter().flat_map(|row| row.claims.iter().filter_map(|claim| claim.bar(row))).collect();
    if bars.is_empty() { Err("the report compares no rates".into()) } else { Ok(bars) }
}

#[derive(Deserialize)]
struct Report {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
struct Claim {
    of: String,
    against: Option<String>,
    metric: String,
    value: Option<f64>,
    rounds: Vec<f64>,
    gate: f64,
    goal: f64,
}

impl Claim {
    fn bar(&self, row: &Row) -> Option<Bar> {
        let against = self.against.as_ref().filter(|_| self.metric == "rate")?;
        let least = self.rounds.iter().copied().min_by(f64::total_cmp)?;
        let most = self.rounds.iter().copied().max_by(f64::total_cmp)?;
        let label = format!("{} {}: {} / {against}", row.id, row.name, self.of);
        Some(Bar { label, ratio: self.value?, range: (least, most), gate: self.gate, goal: self.goal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"rows": [{"id": "1", "name": "js.pub.each", "claims": [
        {"of": "ours", "against": "raw", "metric": "rate", "value": 1.5, "rounds": [1.5, 1.25, 2.0], "gate": 1.0, "goal": 1.75},
        {"of": "ours", "against": "raw", "metric": "CPU", "value": 0.5, "rounds": [0.5], "gate": 1.0, "goal": 0.9},
        {"of": "ours", "against": null, "metric": "rate", "value": 9.0, "rounds": [9.0], "gate": 1.0, "goal": 0.9}]}]}"#;

    #[test]
    fn rates_that_are_compared_are_drawn() {
        let bar = Bar {
            label: "1 js.pub.each: ours / raw".to_owned(),
            ratio: 1.5,
            range: (1.25, 2.0),
            gate: 1.0,
            goal: 1.75,
        };
        assert!(bar.reaches_its_gate());
        assert_eq!(of(REPORT).unwrap(), [bar]);
    }

    #[test]
    fn what_compares_nothing_is_refused() {
        assert!(of("{}").is_err());
        assert!(of(r#"{"rows": []}"#).is_err());
    }
}
