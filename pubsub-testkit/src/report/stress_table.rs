//! The report of a stress run as a table.

use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::run::StressReport;

pub(crate) fn of(report: &StressReport) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "case",
        "name",
        "runs",
        "passed",
        "refused",
        "skipped",
        "failed",
        "ms, fastest",
        "ms, slowest",
    ]);
    for case in &report.cases {
        let counts =
            [case.runs, case.passed, case.refused, case.skipped, case.failed].map(|count| count.to_string());
        let times = [case.fastest_millis, case.slowest_millis].map(|millis| millis.to_string());
        let cells = [case.id.to_owned(), case.name.replace('_', " ")].into_iter().chain(counts).chain(times);
        table.add_row(cells);
    }
    let mut text = format!("{table}\n\n");
    for case in report.cases.iter().filter(|case| case.failed > 0) {
        let reason = case.first_failure.as_deref().unwrap_or("no reason").trim_end();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} failed {} of {} times, first: {reason}", case.id, case.failed, case.runs);
    }
    let server = report.server.as_ref().map_or_else(String::new, |server| format!(" on {server}"));
    let runs: usize = report.cases.iter().map(|case| case.runs).sum();
    let failed: usize = report.cases.iter().map(|case| case.failed).sum();
    let _ = writeln!(
        text,
        "\n{}{server}: {} cases, {} times each, {} at once, seed {}: {runs} runs, {failed} failed, in {:.1} s",
        report.backend,
        report.cases.len(),
        report.repeat,
        report.parallel,
        report.seed,
        std::time::Duration::from_millis(report.millis).as_secs_f64()
    );
    text
}
