//! L. What the kit promises of itself.

pub(crate) mod latency;
pub(crate) mod repeated;
pub(crate) mod twins;

use pubsub_core::Capability;

use crate::cases::waiting::Waiting;
use crate::check::{CaseResult, check, check_eq};
use crate::report::{CaseReport, Outcome, Report};
use crate::trial::Trial;
use crate::twin;

/// L1: every capability that is declared is there, every other one is refused before any side effect, and connection,
/// publisher, consumer and administration declare the same.
pub(crate) async fn capabilities_are_true(trial: &Trial) -> CaseResult {
    let declared = trial.capabilities();
    check_eq!(trial.publisher().capabilities(), declared, "what the publisher declares");
    check_eq!(trial.admin()?.capabilities(), declared, "what the administration declares");
    let stream = trial.create_stream(trial.stream_config("stream", &["a"])?).await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    check_eq!(consumer.handle().capabilities(), declared, "what the consumer declares");
    trial.publish("a", "x").await?;
    consumer.take_and_ack(1).await?;
    consumer.drained();
    for capability in Capability::ALL.iter().copied().filter(|capability| twin::exists(*capability)) {
        if declared.has(capability) {
            twin::is_accepted(trial, capability).await?;
        } else {
            twin::is_refused(trial, capability).await?;
        }
    }
    Ok(())
}

/// L2: a report lists every case that did not run with its reason, as a table and as JSON.
pub(crate) async fn report_lists_every_skip(trial: &Trial) -> CaseResult {
    repeated::traffic(trial).await?;
    every_reason_is_listed()
}

fn every_reason_is_listed() -> CaseResult {
    let case = |id, outcome, reason: &str| CaseReport {
        id,
        name: "some_promise",
        outcome,
        reason: Some(reason.to_owned()),
        millis: 1,
        history: None,
    };
    let report = Report {
        backend: "some".to_owned(),
        server: None,
        cases: vec![
            case("A1", Outcome::Refused, "the reason of A1"),
            case("A2", Outcome::Skipped, "the reason of A2"),
            case("A3", Outcome::Failed, "the reason of A3"),
        ],
        waiting: Waiting::all(),
    };
    let (table, json) = (report.table(), report.to_json());
    for id in ["A1", "A2", "A3"] {
        let reason = format!("the reason of {id}");
        check!(table.contains(&reason), "the table lacks {reason}:\n{table}");
        check!(json.contains(&reason), "the JSON lacks {reason}:\n{json}");
    }
    for waiting in Waiting::all() {
        check!(
            table.contains(waiting.title),
            "the table lacks that {} is not there yet:\n{table}",
            waiting.id
        );
        check!(json.contains(waiting.title), "the JSON lacks that {} is not there yet:\n{json}", waiting.id);
    }
    check_eq!(report.failed(), true, "whether the report has a failure");
    Ok(())
}
