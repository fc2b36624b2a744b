//! The proof that the suite bites: [`bite`].

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use pubsub_core::Result;
use serde::Serialize;

use super::WrongBackend;
use crate::case::Case;
use crate::harness::Harness;
use crate::run::{Filter, Stress, StressReport};

/// What the cases made of one wrong backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Bite {
    /// The wrong backend.
    pub backend: &'static str,
    /// What it does wrong.
    pub flaw: &'static str,
    /// The case that was named beforehand to catch it.
    pub expected: &'static str,
    /// Further cases that were named beforehand.
    pub also_expected: &'static [&'static str],
    /// The cases that failed on it, in the order of the catalogue.
    pub caught_by: Vec<&'static str>,
    /// How long its cases took by a real clock, in milliseconds.
    pub millis: u64,
}

impl Bite {
    /// Whether the expected cases caught it.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.named().all(|id| self.caught_by.contains(&id))
    }

    /// The cases that were named beforehand, the one that stands for its flaw first.
    fn named(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.expected).chain(self.also_expected.iter().copied())
    }
}

/// What came of [`bite`].
///
/// As JSON it is `{"right": {...}, "backends": [{"backend", "flaw", "expected", "also_expected", "caught_by", "millis"}]}`, where `right` is the
/// [`StressReport`] of the backend without a flaw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BiteReport {
    /// The cases on the backend without a flaw: none may fail.
    pub right: StressReport,
    /// The wrong backends, as the catalogue has them.
    pub backends: Vec<Bite>,
}

/// Which cases [`bite`] runs on a wrong backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bites {
    /// The one that is named for it. A right backend has to pass all that are named. Takes seconds on virtual time.
    Named,
    /// All, to see which others catch it too. Takes seconds for each wrong backend.
    All,
}

/// Runs cases on a right backend, and then on each wrong one that is made of it. Blocks; call it outside a runtime.
///
/// `parallel` cases run at once, of as many wrong backends; 0 = as many as the machine has cores. `observe` is told of each
/// backend as soon as it is done.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](pubsub_core::ErrorKind::InvalidInput) if a named case does not exist.
pub fn bite<H: Harness>(
    right: impl Fn() -> H + Sync,
    bites: Bites,
    parallel: usize,
    observe: impl FnMut(&Bite) + Send,
) -> Result<BiteReport> {
    let named = |wrong: &[WrongBackend]| match bites {
        Bites::Named => Filter::only(wrong.iter().flat_map(WrongBackend::expected)),
        Bites::All => Ok(Filter::all()),
    };
    let parallel = match parallel {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        parallel => parallel,
    };
    let stress = Stress::from_seed(0);
    let on_right = stress.clone().with_parallel(parallel).run(&right, &named(WrongBackend::all())?, |_| {});
    let filters = WrongBackend::all().iter().map(|wrong| named(std::slice::from_ref(wrong)));
    let filters = filters.collect::<Result<Vec<_>>>()?;
    let bitten = |wrong: &WrongBackend, cases: &Filter| {
        let report = stress.run(|| wrong.over(right()), cases, |_| {});
        let caught = report.cases.iter().filter(|case| case.failed > 0).map(|case| case.id);
        Bite {
            backend: wrong.name(),
            flaw: wrong.flaw(),
            expected: wrong.caught_by(),
            also_expected: wrong.also_caught_by(),
            caught_by: caught.collect(),
            millis: report.millis,
        }
    };
    let next = AtomicUsize::new(0);
    let gathered = Mutex::new((Vec::new(), observe));
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((wrong, cases)) = WrongBackend::all().get(place).zip(filters.get(place)) else { return };
            let bite = bitten(wrong, cases);
            let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
            let (backends, observe) = &mut *gathered;
            observe(&bite);
            backends.push((place, bite));
        }
    };
    thread::scope(|scope| {
        for _ in 0..parallel {
            scope.spawn(work);
        }
    });
    let (mut backends, _) = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    backends.sort_by_key(|(place, _)| *place);
    Ok(BiteReport { right: on_right, backends: backends.into_iter().map(|(_, bite)| bite).collect() })
}

impl BiteReport {
    /// Whether the right backend passed, and each wrong one was caught by the case that was named for it.
    #[must_use]
    pub fn bites(&self) -> bool {
        !self.right.failed() && self.backends.iter().all(Bite::is_as_expected)
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers only: nothing that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The report as a page of Markdown, which reads well on a terminal too.
    #[must_use]
    pub fn markdown(&self) -> String {
        let expected: BTreeSet<_> = self.backends.iter().flat_map(Bite::named).collect();
        let passed: usize = self.right.cases.iter().map(|case| case.passed).sum();
        let failed: usize = self.right.cases.iter().map(|case| case.failed).sum();
        let mut text = String::from(
            "# Proof that the suite bites\n\n\
             Each of these backends is the memory backend with one flaw. The case that is to catch it is named beforehand, first in\n\
             its column; further ones stand there so that every case is known to fail on some wrong backend. The last column\n\
             lists the cases that caught it. Generated by `cargo xtask bite --markdown docs/conformance/bite.md`, which runs the\n\
             named cases on each; with `--all` it runs every case, to see which others catch it too. The cases that need a\n\
             server, a wire or a cluster are shown to bite by the tests of the NATS backend.\n\n",
        );
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "Without a flaw, the same run: {passed} cases passed, {failed} failed. {} wrong backends, {} of them caught by the \
             cases that were named; {} of {} cases are named.\n\n",
            self.backends.len(),
            self.backends.iter().filter(|bite| bite.is_as_expected()).count(),
            expected.len(),
            Case::all().len(),
        );
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header(["backend", "what is wrong", "named", "caught by"]);
        for bite in &self.backends {
            let caught = if bite.caught_by.is_empty() { "none".to_owned() } else { bite.caught_by.join(" ") };
            let named: Vec<_> = bite.named().collect();
            table.add_row([bite.backend, bite.flaw, &named.join(" "), &caught]);
        }
        let _ = writeln!(text, "{table}");
        text
    }
}
