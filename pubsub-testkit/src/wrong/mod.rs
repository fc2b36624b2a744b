//! Deliberately wrong backends: what the suite must catch, and by which case. [`WrongBackend`]; and the proof that it does:
//! [`bite`].

mod administering;
mod batching;
mod bite;
mod catalogue;
mod choosing;
mod closing;
mod consumers;
mod content;
mod fetching;
mod holding;
mod instructing;
mod plain;
mod publishing;
mod remembering;
mod sequences;
mod settling;
mod sharing;
mod streams;
mod subscribing;
mod tamper;

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

pub use bite::{Bite, BiteReport, Bites, bite};

use crate::harness::{Harness, Layered};
use tamper::{Shown, Tamper, spoil};

/// A backend with one flaw, made of a right one, and the case that is named beforehand to catch it.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use pubsub_testkit::wrong::WrongBackend;
/// use pubsub_testkit::{Filter, MemoryHarness, run_suite};
///
/// let wrong = WrongBackend::all().iter().find(|wrong| wrong.name() == "forgets dedup").ok_or("no such one")?;
/// let report = run_suite(|| wrong.over(MemoryHarness::new()), &Filter::only([wrong.caught_by()])?);
/// assert!(report.failed());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct WrongBackend {
    name: &'static str,
    flaw: &'static str,
    caught_by: &'static str,
    tamper: fn() -> Arc<dyn Tamper>,
}

impl WrongBackend {
    /// All of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        catalogue::ALL
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it does wrong.
    #[must_use]
    pub const fn flaw(&self) -> &'static str {
        self.flaw
    }

    /// The id of the case that must fail on it.
    #[must_use]
    pub const fn caught_by(&self) -> &'static str {
        self.caught_by
    }

    /// Spoils a right backend.
    pub fn over<H: Harness>(&self, inner: H) -> Layered<H> {
        let tamper = (self.tamper)();
        Layered::new(inner, move |client| spoil(client, Arc::clone(&tamper)))
    }
}

impl Debug for WrongBackend {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrongBackend").field("name", &self.name).field("caught_by", &self.caught_by).finish()
    }
}
