//! The tables for people.

use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use super::verdict::Judged;
use super::{Report, RowReport, median};
use crate::measure::ContenderResult;
use crate::row::Metric;

/// One table of all runs, then one of all claims.
pub(super) fn of(report: &Report) -> String {
    let mut text = format!("{}\n\n{}\n", runs(report), claims(report));
    let below = report.below_gate();
    let claims = report.rows.iter().map(|row| row.claims.len()).sum::<usize>();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n{claims} claims, {below} below their gate; medians of {} rounds on {} cores",
        report.effort.rounds, report.machine.cores
    );
    if report.effort.divisor > 1 {
        text.push_str("; these rounds were short: compare nothing with them");
    }
    for row in &report.rows {
        for run in row.contenders.iter().filter(|run| !run.failures.is_empty()) {
            let (count, last) = (run.failures.len(), run.failures.last().map_or("", String::as_str));
            let _ = write!(
                text,
                "\n{} {}, {}: {count} rounds failed and ran again ({last})",
                row.id, row.name, run.name
            );
        }
        if let Some(failure) = &row.failure {
            let _ = write!(text, "\n{} {}: NOT MEASURED: {failure}", row.id, row.name);
        }
    }
    text
}

fn runs(report: &Report) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "row",
        "scenario",
        "run",
        "msg/s (median)",
        "min-max",
        "ns",
        "CPU ns",
        "server CPU ns",
        "allocations",
        "bytes",
        "p50/p99 us",
    ]);
    for row in &report.rows {
        for run in &row.contenders {
            table.add_row(line(row, run));
        }
    }
    table
}

fn line(row: &RowReport, run: &ContenderResult) -> Vec<String> {
    let all = |metric: Metric| {
        let values: Option<Vec<f64>> = run.rounds.iter().map(|sample| sample.value(metric)).collect();
        values.unwrap_or_default()
    };
    let shown = |metric: Metric| median(&all(metric)).map_or(String::new(), |value| format!("{value:.1}"));
    let rates = all(Metric::Rate);
    let least = rates.iter().copied().min_by(f64::total_cmp);
    let most = rates.iter().copied().max_by(f64::total_cmp);
    let range =
        least.zip(most).map_or(String::new(), |(least, most)| format!("{}-{}", rate(least), rate(most)));
    let p50: Vec<f64> = run.rounds.iter().filter_map(|sample| Some(sample.latency?.p50)).collect();
    let p99: Vec<f64> = run.rounds.iter().filter_map(|sample| Some(sample.latency?.p99)).collect();
    let latency = median(&p50).zip(median(&p99)).map(|(p50, p99)| format!("{p50:.0}/{p99:.0}"));
    vec![
        row.id.to_owned(),
        row.name.to_owned(),
        run.name.to_owned(),
        median(&rates).map_or(String::new(), rate),
        range,
        shown(Metric::Time),
        shown(Metric::Cpu),
        shown(Metric::ServerCpu),
        if rates.is_empty() { String::new() } else { format!("{:.2}", run.allocations) },
        shown(Metric::Bytes),
        latency.unwrap_or_default(),
    ]
}

fn claims(report: &Report) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "row", "what", "of", "against", "median", "min-max", "gate", "goal", "stretch", "outcome",
    ]);
    for row in &report.rows {
        for claim in &row.claims {
            table.add_row(judged(row, claim));
        }
    }
    table
}

fn judged(row: &RowReport, claim: &Judged) -> Vec<String> {
    let unit = if claim.against.is_some() { "x" } else { claim.metric.unit() };
    let sign = if claim.metric == Metric::Rate { ">=" } else { "<=" };
    let value = |value: f64| if unit == "x" { format!("{value:.2}x") } else { format!("{value:.1}{unit}") };
    let bound = |bound: f64| format!("{sign}{bound}{unit}");
    let least = claim.rounds.iter().copied().min_by(f64::total_cmp);
    let most = claim.rounds.iter().copied().max_by(f64::total_cmp);
    vec![
        row.id.to_owned(),
        claim.metric.name().to_owned(),
        claim.of.to_owned(),
        claim.against.unwrap_or_default().to_owned(),
        claim.value.map_or(String::new(), value),
        least.zip(most).map_or(String::new(), |(least, most)| format!("{}-{}", value(least), value(most))),
        bound(claim.gate),
        bound(claim.goal),
        claim.stretch.map_or(String::new(), bound),
        claim.outcome.text().to_owned(),
    ]
}

/// `4.17M`, `193k`.
fn rate(rate: f64) -> String {
    if rate >= 1e6 {
        format!("{:.2}M", rate / 1e6)
    } else if rate >= 1e4 {
        format!("{:.0}k", rate / 1e3)
    } else {
        format!("{rate:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn rates_are_short() {
        assert_eq!(rate(4_170_000.0), "4.17M");
        assert_eq!(rate(193_400.0), "193k");
        assert_eq!(rate(950.0), "950");
    }
}
