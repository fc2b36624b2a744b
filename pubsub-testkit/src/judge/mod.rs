//! What must hold of every history, whatever the case was about: [`judge`] applies every [`Rule`].
//!
//! A rule only speaks where the history proves a fault. Where the case cannot know (a message that was in flight while
//! another call was made, an outcome that was lost) the rule is silent: a flaky verdict is worse than a mild one.

mod complete;
mod core_rules;
mod counters;
mod delivery_rules;
mod expectation_rules;
mod life;
mod made_by_broker;
mod modelled;
mod order;
mod pending;
mod phantom;
mod publish_rules;
mod records;
mod rule;
mod settlement_rules;
mod stored_subject;
mod story;
mod time_rules;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

pub(crate) use rule::Rule;

use crate::history::event::Event;
use crate::history::timeline;
use records::Records;

/// How early a delivery may seem to be: timers have a granularity of a millisecond, the server's and ours.
pub(crate) const TOLERANCE: Duration = Duration::from_millis(3);

/// The violations that a report shows; further ones are counted.
const SHOWN: usize = 3;

/// A broken rule, and the events that prove it.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) detail: String,
    pub(crate) proof: BTreeSet<usize>,
}

/// Applies every rule that is not excused.
pub(crate) fn judge(events: &[Event], excused: &[Rule]) -> Vec<Violation> {
    let records = Records::of(events);
    let mut violations = Vec::new();
    for rule in Rule::ALL.iter().filter(|rule| !excused.contains(rule)) {
        rule.apply(&records, &mut violations);
    }
    violations
}

/// The violations as people read them, each with its slice of the history.
pub(crate) fn report(violations: &[Violation], events: &[Event]) -> String {
    let mut text = String::new();
    for violation in violations.iter().take(SHOWN) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "broken rule `{}`: {}", violation.rule.name(), violation.rule.promise());
        let _ = writeln!(text, "  {}", violation.detail);
        text.push_str(&timeline::render(events, &violation.proof));
    }
    if let Some(more) = violations.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "and {more} more violations");
    }
    text
}
