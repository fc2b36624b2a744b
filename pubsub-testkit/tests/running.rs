//! What the suite makes of backends that do not even begin right: it reports them, and goes on.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    Broker, Capabilities, Capability, Client, Consumer, ConsumerName, Error, ErrorKind, Health, Layer,
    Publisher, Result, StreamAdmin, StreamName,
};
use pubsub_testkit::{CaseReport, Clock, Expected, Filter, Harness, MemoryHarness, Outcome, run_suite};

/// What one harness does when it is to connect.
#[derive(Debug, Clone, Copy)]
enum Connecting {
    Fails,
    Panics,
    Hangs,
    HasNoAdmin,
    LeavesATask,
    LosesTerm,
}

#[derive(Debug)]
struct Odd {
    connecting: Connecting,
    memory: MemoryHarness,
}

#[async_trait]
impl Harness for Odd {
    fn name(&self) -> &'static str {
        "odd"
    }

    fn clock(&self) -> Clock {
        Clock::Virtual
    }

    async fn connect(&self) -> Result<Arc<dyn Broker>> {
        match self.connecting {
            Connecting::Fails => Err(Error::new(ErrorKind::Unavailable, "nobody answers")),
            Connecting::Panics => panic!("out of order"),
            Connecting::Hangs => std::future::pending().await,
            Connecting::HasNoAdmin => Ok(Arc::new(WithoutAdmin(self.memory.connect().await?))),
            Connecting::LeavesATask => {
                tokio::spawn(std::future::pending::<()>());
                self.memory.connect().await
            }
            Connecting::LosesTerm => {
                let client = Client::new(self.memory.connect().await?);
                Ok(Arc::new(client.with_layer(WithoutTerm)))
            }
        }
    }

    fn expected(&self) -> Expected {
        match self.connecting {
            Connecting::HasNoAdmin => Expected::all().skipping(["A1"]),
            _ => Expected::all(),
        }
    }

    async fn open_connections(&self) -> Option<usize> {
        Some(0)
    }
}

#[derive(Debug)]
struct WithoutTerm;

impl Layer for WithoutTerm {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        inner.without(Capability::Term)
    }
}

#[derive(Debug)]
struct WithoutAdmin(Arc<dyn Broker>);

#[async_trait]
impl Broker for WithoutAdmin {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn publisher(&self) -> Arc<dyn Publisher> {
        self.0.publisher()
    }

    async fn consumer(&self, stream: &StreamName, consumer: &ConsumerName) -> Result<Arc<dyn Consumer>> {
        self.0.consumer(stream, consumer).await
    }

    fn admin(&self) -> Option<Arc<dyn StreamAdmin>> {
        None
    }

    async fn health(&self) -> Health {
        self.0.health().await
    }

    async fn close(&self) -> Result<()> {
        self.0.close().await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.0.native()
    }
}

fn report(connecting: Connecting) -> CaseReport {
    report_of("A1", connecting)
}

fn report_of(id: &str, connecting: Connecting) -> CaseReport {
    let harness = || Odd { connecting, memory: MemoryHarness::new() };
    let mut report = run_suite(harness, &Filter::only([id]).expect("it exists"));
    assert_eq!((report.backend.as_str(), report.cases.len()), ("odd", 1));
    report.cases.remove(0)
}

#[track_caller]
fn assert_reported(case: &CaseReport, outcome: Outcome, words: &str) {
    let reason = case.reason.as_deref().unwrap_or_default();
    assert_eq!(case.outcome, outcome, "{reason}");
    assert!(reason.contains(words), "{reason}");
}

#[test]
fn a_backend_that_does_not_connect_fails_its_cases() {
    assert_reported(
        &report(Connecting::Fails),
        Outcome::Failed,
        "connect: the backend answered with an error",
    );
}

#[test]
fn a_panic_fails_the_case_and_is_told() {
    assert_reported(&report(Connecting::Panics), Outcome::Failed, "panicked: out of order");
}

#[test]
fn a_backend_that_hangs_fails_at_once_on_virtual_time() {
    assert_reported(&report(Connecting::Hangs), Outcome::Failed, "came to a stand");
}

#[test]
fn a_backend_without_administration_is_skipped_with_the_reason() {
    assert_reported(&report(Connecting::HasNoAdmin), Outcome::Skipped, "has no StreamAdmin");
}

#[test]
fn a_task_that_is_left_fails_the_case() {
    assert_reported(&report(Connecting::LeavesATask), Outcome::Failed, "tasks still run");
}

#[test]
fn a_capability_that_got_lost_fails_its_case() {
    let case = report_of("B4", Connecting::LosesTerm);
    assert_reported(&case, Outcome::Failed, "does not declare `term`, which its harness expects");
}

#[test]
fn a_harness_that_cannot_be_made_fails_its_case() {
    let broken = || Err::<MemoryHarness, _>("no binary");
    let report = run_suite(broken, &Filter::only(["A1"]).expect("A1 exists"));
    assert_reported(&report.cases[0], Outcome::Failed, "no harness for the case: no binary");
}

#[test]
#[should_panic(expected = "A1 payload and headers round trip\nno harness for the case")]
fn a_failed_case_fails_its_test() {
    pubsub_testkit::run_as_test("a1_payload_and_headers_round_trip", || Err::<MemoryHarness, _>("no binary"));
}
