//! The twin report: two backends are asked the same questions, and each answer is printed side by side.
//!
//! The *reference* is right by definition, usually a real nats-server; the *subject* is to answer alike. Where
//! [`differential`](crate::differential) tries random sequences, this asks a fixed list that a person can read: what becomes
//! of a publish, a settlement, a refusal, a backlog, a redelivery, and what the counters say then. A difference is a bug of
//! the subject.
//!
//! ```
//! # #[cfg(feature = "memory")] {
//! use pubsub_testkit::MemoryHarness;
//! use pubsub_testkit::twin_report::TwinReport;
//!
//! let report = TwinReport::of(MemoryHarness::new, MemoryHarness::new)?;
//! assert!(!report.differs(), "{}", report.table());
//! # }
//! # Ok::<(), pubsub_core::Error>(())
//! ```
//!
//! # To add a question
//! A line in a function of `probes/`, or a new function and its line in the table there.

mod answers;
mod compare;
mod probes;
mod report;
mod show;

pub use report::{TwinLine, TwinReport};
