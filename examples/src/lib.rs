//! Runnable programs, one per job: `cargo run -p pubsub-examples --example NAME`.
//!
//! | example | what it shows |
//! |---|---|
//! | `first_message` | publish, consume and settle one message |
//! | `hello_worker` | a function that handles messages, in 15 lines |
//! | `billing` | a service of one worker: order for each customer, retries, dead letters, a stop in order; `tests/billing.rs` tests it without a server |
//! | `ride_sharing` | a ride-sharing system on four streams, with faults, retries, deduplication and a proof at the end that nothing was lost |
//! | `generate_events` | writes the events that `ride_sharing` reads |
//! | `third_party_report` | the conformance suite's report on a backend that has only the minimum |
//!
//! What is larger than one file lives in this library, so that tests can run it: [`billing`], [`ride_sharing`] and
//! [`event_generator`]. [`third_party_backend`] shows what it takes to add a backend.

pub mod billing;
pub mod event_generator;
pub mod ride_sharing;
pub mod third_party_backend;
