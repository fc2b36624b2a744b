//! The report as JUnit XML, which CI systems read.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use super::{CaseReport, Outcome, Report};

pub(super) fn of(report: &Report) -> String {
    let mut suite = TestSuite::new(format!("conformance of {}", report.backend));
    if let Some(server) = &report.server {
        suite.add_property(("server", server.as_str()));
    }
    for case in &report.cases {
        suite.add_test_case(test_case(case));
    }
    let mut junit = JunitReport::new("pubsub-testkit");
    junit.add_test_suite(suite);
    // It fails only if writing to memory does.
    junit.to_string().unwrap_or_default()
}

fn test_case(case: &CaseReport) -> TestCase {
    let reason = case.reason.as_deref().unwrap_or_default();
    let status = match case.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(reason.lines().next().unwrap_or_default());
            status.set_description(reason);
            status
        }
        Outcome::Refused | Outcome::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("{}: {reason}", case.outcome));
            status
        }
    };
    let mut test_case = TestCase::new(format!("{} {}", case.id, case.name), status);
    test_case.set_classname("conformance");
    test_case.set_time(Duration::from_millis(case.millis));
    test_case
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_and_skips_carry_their_reasons() {
        let case = |id, outcome, reason: &str| CaseReport {
            id,
            name: "some_promise",
            outcome,
            reason: Some(reason.to_owned()),
            millis: 7,
            history: None,
        };
        let report = Report {
            backend: "mine".to_owned(),
            server: Some("server 1.2".to_owned()),
            cases: vec![
                case("A1", Outcome::Passed, ""),
                case("B3", Outcome::Refused, "needs `nak_delay`"),
                case("J1", Outcome::Failed, "expected <1>,\nfound 2"),
            ],
            waiting: &[],
        };
        let xml = of(&report);
        for part in [
            "tests=\"3\"",
            "failures=\"1\"",
            "A1 some_promise",
            "time=\"0.007\"",
            "refused: needs `nak_delay`",
            "expected &lt;1&gt;,",
            "found 2",
            "server 1.2",
        ] {
            assert!(xml.contains(part), "{part} is missing: {xml}");
        }
    }
}
