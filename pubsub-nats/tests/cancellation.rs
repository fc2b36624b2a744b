//! Every public future of the backend can be dropped anywhere.

use pubsub_nats::NatsConnector;
use pubsub_testkit::NatsHarness;
use pubsub_testkit::cancellation::CancellationReport;

#[test]
fn every_future_can_be_dropped_anywhere() {
    let report = CancellationReport::of(|| NatsHarness::start(NatsConnector)).expect("a nats-server starts");
    assert!(!report.failed(), "{}", report.table());
}
