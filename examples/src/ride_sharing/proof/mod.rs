//! The proof: what the input makes due, and whether it was done. It keeps every id in memory, some 100 bytes for each
//! delivery.

mod expected;
mod findings;
mod invariants;
mod quiet;

pub(super) use expected::Expected;
pub(super) use findings::Findings;
pub(super) use invariants::check;
pub use invariants::{Invariant, Violation};
pub(super) use quiet::wait_until_quiet;
