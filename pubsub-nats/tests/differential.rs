//! The memory backend beside a real nats-server, on a few random sequences. `cargo xtask differential` runs many.

use pubsub_nats::NatsConnector;
use pubsub_testkit::differential::Differential;
use pubsub_testkit::{MemoryHarness, NatsHarness};

#[test]
fn memory_does_what_a_server_does() {
    let report = Differential::from_seed(2_030)
        .with_runs(12)
        .with_lanes(12)
        .compare(|| NatsHarness::start(NatsConnector), MemoryHarness::new, |_| {})
        .expect("a nats-server starts");
    if let Some(difference) = report.differences.first() {
        panic!(
            "{difference}again: cargo xtask differential --seed {} --runs 1 --operations {}\n{}",
            difference.seed,
            difference.original_length,
            report.table()
        );
    }
    assert!(report.runs > 0, "the machine is too slow to judge anything:\n{}", report.table());
}
