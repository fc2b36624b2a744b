//! What the input makes due: computed from the lines alone, not from what the broker says.

use std::collections::{BTreeMap, HashSet};

use crate::ride_sharing::service::{Event, follow_up};
use crate::ride_sharing::topology::{StreamPlan, routes_of, stream_of};

/// The ids that every reader of a subject must ack, and the rides that must be created.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    ids: BTreeMap<String, HashSet<String>>,
    acceptances: BTreeMap<String, u64>,
}

impl Expected {
    /// Adds an event and what follows from it, and says how many deliveries that makes due: none, if the id is
    /// known to the stream already.
    pub(crate) fn add(&mut self, event: &Event) -> u64 {
        let Some(stream) = stream_of(&event.subject) else {
            return 0;
        };
        if self.is_known(stream, &event.id) {
            return 0;
        }
        self.ids.entry(event.subject.clone()).or_default().insert(event.id.clone());
        if event.subject == "match.accepted" {
            *self.acceptances.entry(event.match_id()).or_default() += 1;
        }
        let readers = routes_of(&event.subject).map(|_| 1).sum::<u64>();
        let followed = follow_up(event).map_or(0, |follow_up| self.add(&follow_up.event()));
        readers + followed
    }

    /// A stream knows an id over all of its subjects.
    fn is_known(&self, stream: &StreamPlan, id: &str) -> bool {
        stream.subjects.iter().any(|subject| self.ids.get(*subject).is_some_and(|ids| ids.contains(id)))
    }

    /// The ids of a subject's messages.
    pub(super) fn ids(&self, subject: &str) -> impl Iterator<Item = &String> {
        self.ids.get(subject).into_iter().flatten()
    }

    pub(super) fn contains(&self, subject: &str, id: &str) -> bool {
        self.ids.get(subject).is_some_and(|ids| ids.contains(id))
    }

    /// How many messages a stream must have stored.
    pub(super) fn stored(&self, stream: &StreamPlan) -> u64 {
        stream.subjects.iter().flat_map(|subject| self.ids(subject)).map(|_| 1).sum()
    }

    /// By match, under how many ids the input accepts it: once, if the input is sane.
    pub(super) fn acceptances(&self) -> &BTreeMap<String, u64> {
        &self.acceptances
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_match_is_due_to_two_services_and_so_is_its_pickup() {
        let mut expected = Expected::default();
        assert_eq!(expected.add(&Event::new("match.accepted", "a-1", br#"{"match_id":"m-1"}"#)), 4);
        assert_eq!(expected.ids("ride.pickup").count(), 1);
        assert_eq!(expected.acceptances().get("m-1"), Some(&1));
    }

    #[test]
    fn a_repeated_id_makes_nothing_due_not_even_under_another_subject_of_the_stream() {
        let mut expected = Expected::default();
        expected.add(&Event::new("match.found", "x", b"{}"));
        assert_eq!(expected.add(&Event::new("match.found", "x", b"{}")), 0);
        assert_eq!(expected.add(&Event::new("match.rejected", "x", b"{}")), 0);
        assert_eq!(expected.add(&Event::new("user.finder", "x", b"{}")), 1);
    }
}
