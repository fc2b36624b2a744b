//! The differential test: random sequences of operations on two backends, every observable result compared.
//!
//! The *reference* is right by definition, usually a real nats-server; the *subject* is judged. Both get the same
//! operations through [`Broker`](pubsub_core::Broker), one by one, and what each answers is written down without what may
//! differ between two right backends (names that a broker chooses, bytes, times below a tick). [`Differential`] runs many
//! sequences side by side, shrinks the first that differs, and counts what was tried.
//!
//! ```
//! # #[cfg(feature = "memory")] {
//! use pubsub_testkit::MemoryHarness;
//! use pubsub_testkit::differential::Differential;
//!
//! let report = Differential::from_seed(1)
//!     .with_runs(3)
//!     .compare(MemoryHarness::new, MemoryHarness::new, |_| {})?;
//! assert!(report.differences.is_empty());
//! assert_eq!(report.runs, 3);
//! # }
//! # Ok::<(), pubsub_core::Error>(())
//! ```
//!
//! # Time
//! A real server needs real time, and no result may depend on a few milliseconds. So operations happen in *bursts*, one at
//! each point of a coarse grid (a *tick*, 1.5 s), and every span that matters (ack wait, delay, age, window, time to live)
//! and every time (of schedules and pauses) ends or lies well after a point of that grid, where nothing happens. A burst that was too slow is not judged: the
//! sequence counts as discarded. A subject on virtual time follows the reference's grid.
//!
//! # To add an operation
//! One file in `operation/` with its `KIND`, and one line in the table there.

mod compare;
mod dice;
mod grid;
mod lane;
mod observation;
mod operation;
mod report;
mod sequence;
mod show;
mod shrink;
mod side;
mod sketch;
mod tally;
mod world;

pub use compare::{Differential, Progress};
pub use report::{DifferenceReport, DifferentialReport};
pub use tally::{Count, Tally};
