//! The memory backend answers as a real nats-server does. `cargo xtask twin` prints every answer.

use pubsub_nats::NatsConnector;
use pubsub_testkit::twin_report::TwinReport;
use pubsub_testkit::{MemoryHarness, NatsHarness};

#[test]
fn memory_answers_as_a_server_does() {
    let report = TwinReport::of(|| NatsHarness::start(NatsConnector), MemoryHarness::new)
        .expect("a nats-server starts");
    assert!(!report.differs(), "{}", report.differences());
    assert!(report.lines.len() > 300, "{} questions", report.lines.len());
}
