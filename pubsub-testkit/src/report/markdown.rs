//! The report as Markdown, for a README or the summary of a CI run.

use std::fmt::Write as _;

use super::{Outcome, Report};

pub(super) fn of(report: &Report) -> String {
    let mut text = badge(report);
    let server = report.server.as_ref().map_or_else(String::new, |server| format!(" on {server}"));
    let counts = [Outcome::Passed, Outcome::Refused, Outcome::Skipped, Outcome::Failed]
        .map(|outcome| format!("{} {outcome}", report.count(outcome)));
    // Writing to a string cannot fail.
    let _ = write!(text, "\n# Conformance of {}{server}\n\n", escaped(&report.backend));
    let _ = write!(text, "{} cases: {}.\n\n", report.cases.len(), counts.join(", "));
    text.push_str("| case | promise | outcome | ms |\n|---|---|---|---:|\n");
    for case in &report.cases {
        let promise = case.name.replace('_', " ");
        let _ = writeln!(text, "| {} | {promise} | {} | {} |", case.id, case.outcome, case.millis);
    }
    for outcome in [Outcome::Failed, Outcome::Skipped, Outcome::Refused] {
        let cases: Vec<_> = report.cases.iter().filter(|case| case.outcome == outcome).collect();
        if cases.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {}\n\n", heading(outcome));
        for case in cases {
            let reason = case.reason.as_deref().unwrap_or("no reason").trim_end();
            if outcome == Outcome::Failed {
                let fence = fence_for(reason);
                let _ = write!(text, "**{}** {}\n\n{fence}text\n{reason}\n{fence}\n\n", case.id, case.name);
            } else {
                let _ = writeln!(text, "- **{}** {}", case.id, reason.replace('\n', " "));
            }
        }
    }
    text
}

/// One line: a badge that says how it went.
pub(super) fn badge(report: &Report) -> String {
    let (failed, passed) = (report.count(Outcome::Failed), report.count(Outcome::Passed));
    let left_out = report.count(Outcome::Refused) + report.count(Outcome::Skipped);
    let (words, colour) = match (failed, left_out) {
        (0, 0) => (format!("{passed} passed"), "brightgreen"),
        (0, left_out) => (format!("{passed} passed, {left_out} not supported"), "green"),
        (failed, _) => (format!("{failed} failed, {passed} passed"), "red"),
    };
    let encoded = words.replace(' ', "%20").replace(',', "%2C");
    format!("![conformance: {words}](https://img.shields.io/badge/conformance-{encoded}-{colour})\n")
}

const fn heading(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed => "Failed",
        Outcome::Skipped => "Skipped",
        Outcome::Refused => "Refused, as declared",
        Outcome::Passed => "Passed",
    }
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A fence that the text does not close.
fn fence_for(text: &str) -> &'static str {
    if text.contains("```") { "~~~~~~" } else { "```" }
}
