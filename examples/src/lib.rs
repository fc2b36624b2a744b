//! Runnable programs, one per job: `cargo run -p pubsub-examples --example NAME`.
//!
//! | example | what it shows |
//! |---|---|
//! | `first_message` | publish, consume and settle one message |
//! | `hello_worker` | a function that handles messages, in 15 lines |
//! | `manage_streams` | streams and consumers made, compared, changed, read and purged |
//! | `publish_async` | many publishes on their way at once, with an outcome for each |
//! | `handle_errors` | what can go wrong with a publish, and what to do about it |
//! | `from_plain_nats` | from plain NATS to messages that are not lost, step by step |
//! | `event_sourcing` | state as a sequence of events, with a guard against two writers |
//! | `work_queue` | jobs that are done once, dead letters, and a job that is mended and done after all |
//! | `broadcast` | one event for every service; late ones read what was before, or where things stand |
//! | `ordered_by_customer` | in order for each customer over retries, side by side for different ones |
//! | `reminders` | messages for later, moved and called off |
//! | `request_reply` | questions and answers without a stream |
//! | `batch_ingestion` | a window of publishes, and a handler of many messages at once |
//! | `billing` | a service of one worker: order for each customer, retries, dead letters, a stop in order; `tests/billing.rs` tests it without a server |
//! | `ride_sharing` | a ride-sharing system on four streams, with faults, retries, deduplication and a proof at the end that nothing was lost |
//! | `generate_events` | writes the events that `ride_sharing` reads |
//! | `third_party_report` | the conformance suite's report on a backend that has only the minimum |
//!
//! `tests/examples.rs` runs those of one file on the memory backend in virtual time and on a real server. What is larger lives in this library, so that tests can run it: [`billing`], [`ride_sharing`] and
//! [`event_generator`]. [`third_party_backend`] shows what it takes to add a backend.

pub mod billing;
pub mod event_generator;
pub mod ride_sharing;
pub mod third_party_backend;
