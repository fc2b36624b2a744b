//! Every public future of the memory backend can be dropped anywhere.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use pubsub_testkit::MemoryHarness;
use pubsub_testkit::cancellation::CancellationReport;

#[test]
fn every_future_of_memory_can_be_dropped_anywhere() {
    let report = CancellationReport::of(MemoryHarness::new).expect("a harness without input or output");
    assert!(!report.failed(), "{}", report.table());
    assert!(report.calls.len() >= 40, "{}", report.table());
}
