//! The conformance suite: proves of any backend what `pubsub-core` promises, and of any layer that it keeps it.
//!
//! A backend's whole conformance file gives a fresh [`Harness`] per case:
//!
//! ```
//! # #[cfg(feature = "memory")] mod whole_file {
//! use pubsub_testkit::MemoryHarness;
//!
//! pubsub_testkit::suite!(MemoryHarness::new());
//! # }
//! ```
//!
//! [`suite!`] makes one `#[test]` per case; [`main!`] a test program that reports what did not run as ignored, with the
//! reason; [`run_suite`] runs them as one call and gives a [`Report`].
//!
//! # How it judges
//! - A case whose capabilities are all declared runs and must *pass*. If one is missing, its negative twin runs: the call
//!   must be *refused* with `Unsupported` and leave nothing behind. What can do neither is *skipped*, with its reason.
//! - Every case runs on recorded connections. After it, one judge applies the same rules to every history: nothing
//!   phantom, stored once per id, attempts count up by one, nothing again after a settlement, delays and leases kept,
//!   order, nothing lost. A violation is printed as the slice of the history that shows it.
//! - Nothing is proven by a short sleep: memory runs on virtual time, and on a real clock silence ends with a sentinel.
//!
//! # What is here
//! | | |
//! |---|---|
//! | [`Harness`], [`Clock`], [`Connecting`], [`Layered`] | what a backend gives to be tested |
//! | [`MemoryHarness`] (feature `memory`), [`NatsHarness`] | harnesses of the backends that come with the library |
//! | [`StoreFault`], [`StoreFaults`] | what a harness can do to its store, for the cases about faults |
//! | [`suite!`], [`main!`], [`run_suite`], [`Stress`], [`Filter`], [`Case`] | running it |
//! | [`Expected`] | what is not meant to run, so that what gets lost is noticed |
//! | [`Report`], [`CaseReport`], [`Outcome`] | what came of it |
//! | [`CaseHistory`], [`judge_history`] | what a failed case did and saw, as JSON, to be judged again |
//! | [`Waiting`] | the cases of the catalogue that are not there yet |
//! | [`nats_server`], [`nats_cluster`] | a real nats-server for one test, or three that form a cluster |
//! | [`fault_proxy`] | a TCP proxy that resets, holds, delays and cuts on command |
//! | [`fault_layer`] | faults between a user's code and any backend, the same for the same seed |
//! | [`Recorder`], [`Expectation`], [`Eventually`] | assertions for an application's own tests |
//! | [`TestApp`], [`Handled`] | a service with its worker, run beside a test that drives it |
//! | [`wrong`] | deliberately wrong backends, which the suite must catch |

pub mod cancellation;
mod case;
mod cases;
mod check;
pub mod differential;
mod expected;
pub mod fault_layer;
pub mod fault_proxy;
mod harness;
mod history;
mod judge;
mod model;
pub mod nats_cluster;
pub mod nats_server;
#[cfg(feature = "layers")]
mod observed;
mod recorder;
mod report;
mod run;
mod suite;
mod test_app;
mod trial;
mod twin;
pub mod twin_report;
pub mod wrong;

pub use case::Case;
pub use cases::waiting::Waiting;
pub use expected::Expected;
#[cfg(feature = "memory")]
pub use harness::MemoryHarness;
pub use harness::{Clock, Connecting, Harness, IntoHarness, Layered, NatsHarness, StoreFault, StoreFaults};
pub use history::saved::{CaseHistory, Judged, judge_history};
pub use recorder::{Eventually, Expectation, Recorder, Seen};
pub use report::{CaseReport, Outcome, Report};
#[cfg(feature = "main")]
#[doc(hidden)]
pub use run::run_as_main;
#[doc(hidden)]
pub use run::run_as_test;
pub use run::{
    Filter, Stress, StressCase, StressReport, histories_directory, run_suite, run_suite_observed,
    run_suite_side_by_side,
};
pub use test_app::{Handled, TestApp};
