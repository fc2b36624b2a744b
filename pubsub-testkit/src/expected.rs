//! What a backend is expected not to run: [`Expected`].

use std::collections::BTreeSet;

use pubsub_core::{Capabilities, Capability};

use crate::case::Case;

/// Which cases a backend is expected not to run, so that a capability that gets lost fails a test instead of turning its
/// cases into skips. Part of a harness: [`Harness::expected`](crate::Harness::expected).
///
/// What is expected is exact: a case that is refused or skipped and should not be fails, and so does one that runs
/// although it was expected not to, so that the declaration stays true.
///
/// ```
/// use pubsub_core::Capability;
/// use pubsub_testkit::Expected;
///
/// let everything = Expected::all();
/// let little = Expected::only([Capability::MessageId, Capability::Term]).skipping(["H4"]);
/// let nearly = Expected::without([Capability::Schedules]);
/// # drop((everything, little, nearly));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// `None`: any refusal and any skip will do.
    declared: Option<Declared>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Declared {
    has: Capabilities,
    /// Of those, the ones that may be missing all the same.
    perhaps: Capabilities,
    skipped: BTreeSet<String>,
    /// Whether a case that is skipped for want of a fault must be among those, too.
    faults: bool,
}

impl Default for Expected {
    fn default() -> Self {
        Self::all()
    }
}

impl Expected {
    fn of(has: Capabilities) -> Self {
        Self {
            declared: Some(Declared {
                has,
                perhaps: Capabilities::minimum(),
                skipped: BTreeSet::new(),
                faults: false,
            }),
        }
    }

    /// Every case runs. The default.
    #[must_use]
    pub fn all() -> Self {
        Self::of(Capabilities::full())
    }

    /// The backend has every capability but these.
    #[must_use]
    pub fn without(lacks: impl IntoIterator<Item = Capability>) -> Self {
        Self::of(lacks.into_iter().fold(Capabilities::full(), Capabilities::without))
    }

    /// The backend has these capabilities and no other. A capability that comes with a later version of this library is
    /// then expected to be refused.
    #[must_use]
    pub fn only(has: impl IntoIterator<Item = Capability>) -> Self {
        Self::of(has.into_iter().fold(Capabilities::minimum(), Capabilities::with))
    }

    /// These capabilities may be there or not: they depend on the server's version, or are under construction.
    #[must_use]
    pub fn perhaps_without(mut self, maybe: impl IntoIterator<Item = Capability>) -> Self {
        if let Some(declared) = &mut self.declared {
            declared.perhaps = maybe.into_iter().fold(declared.perhaps, Capabilities::with);
        }
        self
    }

    /// Nothing is expected: whatever does not run is in the report, and fails nothing. For a backend under construction.
    #[must_use]
    pub const fn anything() -> Self {
        Self { declared: None }
    }

    /// The cases of these ids, in any letter case, are skipped: what they need cannot be had here.
    #[must_use]
    pub fn skipping<I>(mut self, ids: impl IntoIterator<Item = I>) -> Self
    where
        I: AsRef<str>,
    {
        if let Some(declared) = &mut self.declared {
            declared.skipped.extend(ids.into_iter().map(|id| id.as_ref().to_ascii_uppercase()));
        }
        self
    }

    /// The cases that need a feature of this crate which is off are skipped.
    pub(crate) fn skipping_without_features(self) -> Self {
        // These run memory beside the backend.
        let this = if cfg!(feature = "memory") { self } else { self.skipping(["J9", "L3", "L5"]) };
        // These put layers of `pubsub-layers` over it.
        if cfg!(feature = "layers") { this } else { this.skipping(["F9", "J5", "J6"]) }
    }

    /// The harness injects faults, and a case that is skipped because it cannot inject the one that the case needs must be
    /// among those of [`skipping`](Self::skipping). By default such a skip is in the report, and fails nothing: a harness
    /// need not have any.
    #[must_use]
    pub fn with_faults(mut self) -> Self {
        if let Some(declared) = &mut self.declared {
            declared.faults = true;
        }
        self
    }

    /// What is wrong with a case having been skipped for want of a fault, if something is.
    pub(crate) fn objects_to_missing_fault(&self, case: &Case) -> Option<&'static str> {
        let expected = self.declared.as_ref()?;
        if expected.faults { self.objects_to_skip(case, true) } else { None }
    }

    /// What is wrong with what the backend declares for a case, if something is.
    pub(crate) fn objects_to(&self, case: &Case, declares: Capabilities) -> Option<String> {
        self.objects_to_declared(case.needs, declares)
    }

    /// What is wrong with what the backend declares of the capabilities that something needs, if something is.
    pub(crate) fn objects_to_declared(&self, needs: &[Capability], declares: Capabilities) -> Option<String> {
        let expected = self.declared.as_ref()?;
        let exact = |capability: &Capability| !expected.perhaps.has(*capability);
        needs.iter().copied().filter(exact).find_map(|capability| {
            match (declares.has(capability), expected.has.has(capability)) {
                (false, true) => Some(format!(
                    "the backend does not declare `{capability}`, which its harness expects: if it is not meant to have it, \
                     let `Harness::expected` say so"
                )),
                (true, false) => Some(format!(
                    "the backend declares `{capability}`, which its harness does not expect: take it off the list of \
                     `Harness::expected`, so that its loss would be noticed"
                )),
                _ => None,
            }
        })
    }

    /// What is wrong with a case having been skipped, or not, if something is.
    pub(crate) fn objects_to_skip(&self, case: &Case, skipped: bool) -> Option<&'static str> {
        let expected = self.declared.as_ref()?;
        match (skipped, expected.skipped.contains(case.id)) {
            (true, false) => Some("skipped, which its harness does not expect (`Expected::skipping`)"),
            (false, true) => {
                Some("not skipped, which its harness expects (`Expected::skipping`): take it off")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str) -> &'static Case {
        Case::all().iter().find(|case| case.id == id).unwrap()
    }

    #[test]
    fn a_lost_capability_is_objected_to() {
        let without_term = Capabilities::full().without(Capability::Term);
        let objection = Expected::all().objects_to(case("B4"), without_term).unwrap();
        assert!(objection.contains("does not declare `term`"), "{objection}");
        assert_eq!(Expected::all().objects_to(case("B1"), without_term), None);
        assert_eq!(Expected::without([Capability::Term]).objects_to(case("B4"), without_term), None);
    }

    #[test]
    fn a_capability_that_was_not_expected_is_objected_to() {
        let objection = Expected::only([]).objects_to(case("B4"), Capabilities::full()).unwrap();
        assert!(objection.contains("declares `term`"), "{objection}");
    }

    #[test]
    fn a_capability_that_may_be_missing_is_never_objected_to() {
        let expected = Expected::all().perhaps_without([Capability::Term]);
        assert_eq!(expected.objects_to(case("B4"), Capabilities::full()), None);
        assert_eq!(expected.objects_to(case("B4"), Capabilities::minimum()), None);
        assert!(expected.objects_to(case("B3"), Capabilities::minimum()).is_some());
    }

    #[test]
    fn skips_are_expected_by_id() {
        let expected = Expected::all().skipping(["a1"]);
        assert_eq!(expected.objects_to_skip(case("A1"), true), None);
        assert!(expected.objects_to_skip(case("A1"), false).is_some());
        assert!(expected.objects_to_skip(case("A2"), true).is_some());
        assert_eq!(expected.objects_to_skip(case("A2"), false), None);
    }

    #[test]
    fn a_fault_that_gets_lost_is_objected_to_where_faults_are_expected() {
        assert_eq!(Expected::all().objects_to_missing_fault(case("H1")), None);
        assert!(Expected::all().with_faults().objects_to_missing_fault(case("H1")).is_some());
        assert_eq!(Expected::all().with_faults().skipping(["H1"]).objects_to_missing_fault(case("H1")), None);
    }

    #[test]
    fn nothing_is_objected_to_where_nothing_is_expected() {
        let anything = Expected::anything();
        assert_eq!(anything.objects_to(case("B4"), Capabilities::minimum()), None);
        assert_eq!(anything.objects_to_skip(case("B4"), true), None);
    }
}
