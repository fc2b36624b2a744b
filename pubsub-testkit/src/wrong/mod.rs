//! Deliberately wrong backends: what the suite must catch, and by which case. [`WrongBackend`]; and the proof that it does:
//! [`bite`].

mod acking;
mod administering;
mod batching;
mod bite;
mod bounding;
mod catalogue;
mod choosing;
mod closing;
mod consumers;
mod content;
mod declaring;
mod dropped;
mod fetching;
mod holding;
mod instructing;
mod losing;
mod moving;
mod plain;
mod publishing;
mod reading;
mod receipts;
mod remembering;
mod sequences;
mod settling;
mod sharing;
mod streams;
mod subscribing;
mod tamper;
mod telling;

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
    also: &'static [&'static str],
    tamper: fn() -> Arc<dyn Tamper>,
}

impl WrongBackend {
    /// All of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        catalogue::ALL
    }

    /// Those that are wrong when a call is dropped, or by a call that no case makes: [`caught_by`](Self::caught_by) is the
    /// call of the [`CancellationReport`](crate::cancellation::CancellationReport) that must find it.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// use pubsub_testkit::MemoryHarness;
    /// use pubsub_testkit::cancellation::CancellationReport;
    /// use pubsub_testkit::wrong::WrongBackend;
    ///
    /// let wrong = WrongBackend::when_dropped().first().ok_or("there is one")?;
    /// let report = CancellationReport::of_call(wrong.caught_by(), || wrong.over(MemoryHarness::new()))?;
    /// assert!(report.failed());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn when_dropped() -> &'static [Self] {
        catalogue::WHEN_DROPPED
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

    /// The id of the case that must fail on it; the name of a call for those of [`when_dropped`](Self::when_dropped).
    #[must_use]
    pub const fn caught_by(&self) -> &'static str {
        self.caught_by
    }

    /// The ids of further cases that must fail on it, so that each case is known to fail on some wrong backend.
    #[must_use]
    pub const fn also_caught_by(&self) -> &'static [&'static str] {
        self.also
    }

    /// All cases that must fail on it: the one that is named for it first.
    pub fn expected(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.caught_by).chain(self.also.iter().copied())
    }

    /// Spoils a right backend.
    pub fn over<H: Harness>(&self, inner: H) -> Layered<H> {
        let tamper = (self.tamper)();
        Layered::new(inner, move |client| spoil(client, Arc::clone(&tamper))).pretending_below()
    }
}

impl Debug for WrongBackend {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrongBackend").field("name", &self.name).field("caught_by", &self.caught_by).finish()
    }
}
