//! The rides service: creates a ride for each accepted match.

use std::collections::BTreeMap;

use super::follow_up::{FollowUp, follow_up};
use super::inbox::Inbox;
use super::{Event, Service};

#[derive(Debug, Default)]
pub(crate) struct Rides {
    /// By match, how often its ride was created: a database would have a table of rides.
    created: Inbox<BTreeMap<String, u64>>,
}

impl Rides {
    /// How often the ride of each match was created.
    pub(crate) fn created(&self) -> BTreeMap<String, u64> {
        self.created.read(Clone::clone)
    }
}

impl Service for Rides {
    /// Knows an event by its message id only: a match that is accepted under two ids is two rides. That is what
    /// the proof must notice.
    fn keep(&self, event: &Event) {
        self.created.take(event, |rides| *rides.entry(event.match_id()).or_default() += 1);
    }

    fn publishes(&self, event: &Event) -> Option<FollowUp> {
        follow_up(event)
    }

    fn summary(&self) -> String {
        self.created.read(|rides| format!("{} rides created", rides.values().sum::<u64>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(rides: &Rides, id: &str) {
        rides.keep(&Event::new("match.accepted", id, br#"{"match_id":"m-1"}"#));
    }

    #[test]
    fn a_redelivered_acceptance_creates_no_second_ride() {
        let rides = Rides::default();
        accept(&rides, "a-1");
        accept(&rides, "a-1");
        assert_eq!(rides.created(), BTreeMap::from([("m-1".to_owned(), 1)]));
    }

    #[test]
    fn an_acceptance_under_another_id_shows() {
        let rides = Rides::default();
        accept(&rides, "a-1");
        accept(&rides, "a-1-again");
        assert_eq!(rides.created(), BTreeMap::from([("m-1".to_owned(), 2)]));
    }
}
