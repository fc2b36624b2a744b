//! The cases that only a server can run fail on wrong backends, as the others do on those that are made of memory.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use pubsub_nats::NatsConnector;
use pubsub_testkit::wrong::WrongBackend;
use pubsub_testkit::{Filter, NatsHarness, Outcome, run_suite};

#[track_caller]
fn fails(case: &str, name: &str) {
    let wrong = WrongBackend::all().iter().find(|wrong| wrong.name() == name).expect("there is such a one");
    let filter = Filter::only([case]).expect("there is such a case");
    let report = run_suite(|| NatsHarness::start(NatsConnector).map(|right| wrong.over(right)), &filter);
    assert_eq!(report.count(Outcome::Failed), 1, "{name} passed {case}:\n{}", report.table());
}

#[test]
fn half_open_connections_have_to_be_noticed() {
    fails("H3", "is always well");
}

#[test]
fn a_lost_leader_may_change_nothing() {
    fails("H4", "adds a header");
}

#[test]
fn a_refused_connection_has_to_say_so() {
    fails("H8", "is always well");
}
