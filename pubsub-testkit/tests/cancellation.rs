//! Every public future of the memory backend can be dropped anywhere; where one cannot, it is found.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use pubsub_core::{Capability, ErrorKind};
use pubsub_memory::{MemoryConfig, ServerVersion};
use pubsub_testkit::cancellation::CancellationReport;
use pubsub_testkit::wrong::WrongBackend;
use pubsub_testkit::{Expected, Layered, MemoryHarness};

#[test]
fn every_future_of_memory_can_be_dropped_anywhere() {
    let report = CancellationReport::of(MemoryHarness::new).expect("a harness without input or output");
    assert!(!report.failed(), "{}", report.table());
    assert!(report.calls.len() >= 40, "{}", report.table());
    assert!(report.calls.iter().all(|call| call.supported), "{}", report.table());
}

#[test]
fn what_is_wrong_when_it_is_dropped_is_found() {
    for wrong in WrongBackend::when_dropped() {
        let right = CancellationReport::of_call(wrong.caught_by(), MemoryHarness::new);
        let right = right.expect("the call exists");
        assert!(!right.failed(), "{}: {}", wrong.caught_by(), right.table());
        let report = CancellationReport::of_call(wrong.caught_by(), || wrong.over(MemoryHarness::new()));
        let report = report.expect("the call exists");
        assert!(report.failed(), "{} ({}): {}", wrong.name(), wrong.flaw(), report.table());
    }
}

#[test]
fn a_capability_that_the_harness_expects_and_lacks_is_found() {
    let older = || {
        MemoryHarness::new().with_config(MemoryConfig::default().with_server_version(ServerVersion::OLDEST))
    };
    let call = "StreamAdmin::pause_consumer";
    let expecting = |expected: Expected| {
        let harness = move || Layered::new(older(), |client| client).expecting(expected.clone());
        CancellationReport::of_call(call, harness).expect("the call exists")
    };
    assert!(expecting(Expected::all()).failed(), "a lost capability is no failure");
    assert!(!expecting(Expected::without([Capability::Pause])).failed());
}

#[test]
fn a_call_that_does_not_exist_is_refused() {
    let error = CancellationReport::of_call("Consumer::fly", MemoryHarness::new).expect_err("no such call");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
