//! The memory backend beside real nats-servers, on a few hundred random operations. `cargo xtask differential` runs many.

use pubsub_memory::MemoryConfig;
use pubsub_nats::NatsConnector;
use pubsub_testkit::differential::{Differential, DifferentialReport};
use pubsub_testkit::nats_server::{NatsServer, ServerBinary, ServerVersion};
use pubsub_testkit::{MemoryHarness, NatsHarness};

/// Eight sequences of 40 operations, all at once.
fn few() -> Differential {
    Differential::from_seed(1).with_runs(8).with_lanes(8)
}

#[expect(clippy::panic, reason = "a test that fails")]
fn expect_no_difference(report: &DifferentialReport, version: &str) {
    if let Some(difference) = report.differences.first() {
        panic!(
            "{difference}again: cargo xtask differential --seed {} --runs 1 --operations {}{version}\n{}",
            difference.seed,
            difference.original_length,
            report.table()
        );
    }
    assert!(report.runs > 0, "the machine is too slow to judge anything:\n{}", report.table());
}

#[test]
fn memory_does_what_a_server_does() {
    let report = few()
        .compare(|| NatsHarness::start(NatsConnector), MemoryHarness::new, |_| {})
        .expect("a nats-server starts");
    expect_no_difference(&report, "");
}

#[test]
fn memory_does_what_an_older_server_does() {
    const OLDER: &str = "2.12.8";
    let wanted: ServerVersion = OLDER.parse().expect("a version");
    let downloaded = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/nats-server/2.12.8/nats-server");
    let installed = ServerBinary::installed(Some(wanted)).expect("what is installed can be told");
    let Some(binary) = installed.or_else(|| ServerBinary::at(downloaded).ok()) else {
        eprintln!(
            "not compared: no nats-server {OLDER}; `cargo xtask nats-server` with that version gets it"
        );
        return;
    };
    let start = || {
        let server = NatsServer::builder().binary(binary.clone()).start()?;
        Ok::<_, pubsub_core::Error>(NatsHarness::new(server, NatsConnector))
    };
    let config = MemoryConfig::default().with_server_version("2.12".parse().expect("a version"));
    let memory = || MemoryHarness::new().with_config(config.clone());
    let report = few().compare(start, memory, |_| {}).expect("a nats-server starts");
    expect_no_difference(&report, &format!(" --version {OLDER}"));
}
