//! Drops every public future of a backend at each of its await points, and looks at what is left: [`CancellationReport`].
//!
//! Each call is made again and again: dropped before its first poll, after one poll, after two, and so on until it ends by
//! itself; each time at once, and when it has been woken and was not polled yet, so that what it waits for has been handed
//! to it. After each of these the connection must go on as if nothing had been: what is stored comes, each message can be
//! settled, nothing is half done or gone, and no task, connection or consumer is left. A call that ends must have done what
//! it says.
//!
//! ```
//! # #[cfg(feature = "memory")] {
//! use pubsub_testkit::MemoryHarness;
//! use pubsub_testkit::cancellation::CancellationReport;
//!
//! let report = CancellationReport::of(MemoryHarness::new)?;
//! assert!(!report.failed(), "{}", report.table());
//! # }
//! # Ok::<(), pubsub_core::Error>(())
//! ```
//!
//! # To add a call
//! An async function in `calls/` that hands the call to its cut, and its line in the table there.

mod afterwards;
mod calls;
mod cut;
mod drive;
mod report;
mod scene;

pub use report::{CancellationReport, CutCall};
