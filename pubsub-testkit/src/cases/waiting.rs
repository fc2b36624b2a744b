//! The cases of the catalogue that are not there yet, and what they wait for.

use serde::Serialize;

/// A case of the catalogue that has no code yet. The report lists all of them, so that a count of passed cases cannot
/// be taken for the whole catalogue.
///
/// ```
/// for case in pubsub_testkit::Waiting::all() {
///     println!("{}: {}", case.id, case.waits_for);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Waiting {
    /// The id in the catalogue.
    pub id: &'static str,
    /// What it is to prove.
    pub title: &'static str,
    /// The part of the library or of the kit that it needs; or why it is out of scope.
    pub waits_for: &'static str,
}

impl Waiting {
    /// All of them, in the order of the catalogue.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        WAITING
    }

    /// Whether it is not to be written at all.
    #[must_use]
    pub fn is_out_of_scope(&self) -> bool {
        self.waits_for == NOTHING
    }
}

/// What K5 waits for: an outbox, which nothing asks for.
const NOTHING: &str = "out of scope: an outbox, which nothing asks for";

const fn case(id: &'static str, waits_for: &'static str, title: &'static str) -> Waiting {
    Waiting { id, title, waits_for }
}

/// A case that gets its line in [`list`](super::list) loses it here; a test compares both with the catalogue.
const WAITING: &[Waiting] =
    &[case("K5", NOTHING, "an outbox publishes if and only if its transaction commits")];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{NOTHING, WAITING};
    use crate::cases::CASES;

    /// The catalogue: how many cases each chapter has.
    const CHAPTERS: [(char, usize); 12] = [
        ('A', 26),
        ('B', 21),
        ('C', 17),
        ('D', 24),
        ('E', 11),
        ('F', 10),
        ('G', 16),
        ('H', 12),
        ('I', 6),
        ('J', 9),
        ('K', 8),
        ('L', 6),
    ];

    #[test]
    fn every_id_of_the_catalogue_is_accounted_for_once() {
        let catalogue: Vec<String> = CHAPTERS
            .iter()
            .flat_map(|(chapter, count)| (1..=*count).map(move |number| format!("{chapter}{number}")))
            .collect();
        assert_eq!(catalogue.len(), 166);
        let written = CASES.iter().map(|case| case.id);
        let accounted: Vec<&str> = written.chain(WAITING.iter().map(|case| case.id)).collect();
        // M is beyond the catalogue.
        let accounted: Vec<&str> = accounted.into_iter().filter(|id| !id.starts_with('M')).collect();
        let known: BTreeSet<&str> = catalogue.iter().map(String::as_str).collect();
        let unique: BTreeSet<&str> = accounted.iter().copied().collect();
        let missing: Vec<_> = known.difference(&unique).collect();
        let unknown: Vec<_> = unique.difference(&known).collect();
        assert!(missing.is_empty(), "neither written nor waiting: {missing:?}");
        assert!(unknown.is_empty(), "not in the catalogue: {unknown:?}");
        let twice: Vec<_> =
            unique.iter().filter(|id| accounted.iter().filter(|other| other == id).count() > 1).collect();
        assert!(twice.is_empty(), "written and waiting, or named twice: {twice:?}");
    }

    #[test]
    fn only_the_outbox_is_out_of_scope() {
        let out: Vec<_> = WAITING.iter().filter(|case| case.is_out_of_scope()).map(|case| case.id).collect();
        assert_eq!(out, ["K5"]);
        assert!(WAITING.iter().all(|case| !case.title.is_empty() && !case.waits_for.is_empty()));
        assert!(NOTHING.starts_with("out of scope"));
    }
}
