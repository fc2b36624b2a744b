//! The report as a table.

use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use super::{Outcome, Report};

pub(super) fn of(report: &Report) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(["case", "name", "outcome", "ms"]);
    for case in &report.cases {
        let (outcome, millis) = (case.outcome.to_string(), case.millis.to_string());
        table.add_row([case.id, &case.name.replace('_', " "), &outcome, &millis]);
    }
    let mut text = format!("{table}\n\n");
    for outcome in [Outcome::Refused, Outcome::Skipped, Outcome::Failed] {
        for case in report.cases.iter().filter(|case| case.outcome == outcome) {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{} {outcome}: {}",
                case.id,
                case.reason.as_deref().unwrap_or("no reason").trim_end()
            );
        }
    }
    if !report.waiting.is_empty() {
        let _ = writeln!(text, "\nin the catalogue and not there yet:");
    }
    for case in report.waiting {
        let waits = if case.is_out_of_scope() { "is" } else { "waits for" };
        let _ = writeln!(text, "{} {waits} {}: {}", case.id, case.waits_for, case.title);
    }
    let server = report.server.as_ref().map_or_else(String::new, |server| format!(" on {server}"));
    let counts = [Outcome::Passed, Outcome::Refused, Outcome::Skipped, Outcome::Failed];
    let counts = counts.map(|outcome| format!("{} {outcome}", report.count(outcome)));
    let _ =
        writeln!(text, "\n{}{server}: {} cases, {}", report.backend, report.cases.len(), counts.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use crate::cases::waiting::Waiting;
    use crate::report::{CaseReport, Outcome, Report};

    fn case(id: &'static str, outcome: Outcome, reason: &str) -> CaseReport {
        let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        CaseReport { id, name: "some_promise", outcome, reason, millis: 7, history: None }
    }

    fn report() -> Report {
        Report {
            backend: "mine".to_owned(),
            server: Some("server 1.2".to_owned()),
            cases: vec![
                case("A1", Outcome::Passed, ""),
                case("B3", Outcome::Refused, "needs `nak_delay`"),
                case("J1", Outcome::Skipped, "cannot be here"),
            ],
            waiting: Waiting::all(),
        }
    }

    #[test]
    fn every_case_that_did_not_run_is_listed_with_its_reason() {
        let table = report().table();
        assert!(table.contains("B3 refused: needs `nak_delay`"), "{table}");
        assert!(table.contains("J1 skipped: cannot be here"), "{table}");
        assert!(
            table.contains("mine on server 1.2: 3 cases, 1 passed, 1 refused, 1 skipped, 0 failed"),
            "{table}"
        );
    }

    #[test]
    fn markdown_has_the_badge_the_table_and_the_reasons() {
        let mut report = report();
        let markdown = report.markdown();
        assert!(markdown.starts_with("![conformance: 1 passed, 2 not supported]("), "{markdown}");
        assert!(markdown.contains("conformance-1%20passed%2C%202%20not%20supported-green)"), "{markdown}");
        assert!(markdown.contains("# Conformance of mine on server 1.2"), "{markdown}");
        assert!(markdown.contains("| B3 | some promise | refused | 7 |"), "{markdown}");
        assert!(markdown.contains("- **J1** cannot be here"), "{markdown}");
        report.cases.push(case("K1", Outcome::Failed, "found ``` in it"));
        let markdown = report.markdown();
        assert!(markdown.contains("1 failed, 1 passed](") && markdown.contains("-red)"), "{markdown}");
        assert!(markdown.contains("~~~~~~text\nfound ``` in it\n~~~~~~"), "{markdown}");
    }

    #[test]
    fn what_the_catalogue_still_lacks_is_listed_with_what_it_waits_for() {
        let table = report().table();
        assert!(table.contains("K5 is out of scope: an outbox"), "{table}");
        for case in Waiting::all().iter().filter(|case| !case.is_out_of_scope()) {
            assert!(table.contains(&format!("{} waits for {}: ", case.id, case.waits_for)), "{table}");
        }
        assert!(!Report { waiting: &[], ..report() }.table().contains("catalogue"));
    }

    #[test]
    fn the_json_has_the_documented_shape() {
        let report = Report { waiting: &Waiting::all()[..1], ..report() };
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        let waiting = Waiting::all()[0];
        let expected = serde_json::json!({
            "backend": "mine",
            "server": "server 1.2",
            "cases": [
                {"id": "A1", "name": "some_promise", "outcome": "passed", "reason": null, "millis": 7},
                {"id": "B3", "name": "some_promise", "outcome": "refused", "reason": "needs `nak_delay`", "millis": 7},
                {"id": "J1", "name": "some_promise", "outcome": "skipped", "reason": "cannot be here", "millis": 7},
            ],
            "waiting": [{"id": waiting.id, "title": waiting.title, "waits_for": waiting.waits_for}],
        });
        assert_eq!(json, expected);
    }
}
