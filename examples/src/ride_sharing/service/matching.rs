//! The match service: who can be matched, and who is on a ride.

use std::collections::{BTreeMap, HashSet};

use super::inbox::Inbox;
use super::{Event, Service};

#[derive(Debug, Default)]
pub(super) struct Matching {
    pool: Inbox<Pool>,
}

#[derive(Debug, Default)]
struct Pool {
    /// Who has sent a beacon.
    available: HashSet<String>,
    requests: u64,
    /// The driver and the passenger of each ride that goes on: they cannot be matched.
    locked: BTreeMap<String, [Option<String>; 2]>,
    /// Rides that are over. Two consumers deliver pickup and completion, so the completion may come first.
    completed: HashSet<String>,
    aggregates: u64,
}

impl Service for Matching {
    fn keep(&self, event: &Event) {
        self.pool.take(event, |pool| pool.learn(event));
    }

    fn summary(&self) -> String {
        self.pool.read(|pool| {
            let (drivers, requests) = (pool.available.len(), pool.requests);
            let (locked, completed) = (pool.locked.len(), pool.completed.len());
            let aggregates = pool.aggregates;
            format!(
                "{drivers} drivers seen, {requests} requests, {completed} rides over, {locked} going on, {aggregates} aggregates"
            )
        })
    }
}

impl Pool {
    fn learn(&mut self, event: &Event) {
        match event.subject.as_str() {
            "user.beacon" => self.available.extend(event.text("user_id")),
            "user.finder" => self.requests += 1,
            "ride.pickup" if !self.completed.contains(&event.match_id()) => {
                let pair = [event.text("driver_id"), event.text("passenger_id")];
                self.locked.insert(event.match_id(), pair);
            }
            "ride.completed" => {
                self.locked.remove(&event.match_id());
                self.completed.insert(event.match_id());
            }
            "location.aggregate" => self.aggregates += 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICKUP: (&str, &str) = ("ride.pickup", "p-1");
    const COMPLETED: (&str, &str) = ("ride.completed", "c-1");

    fn locked_after(events: &[(&str, &str)]) -> usize {
        let matching = Matching::default();
        for (subject, id) in events {
            matching.keep(&Event::new(*subject, *id, br#"{"match_id":"m-1","driver_id":"d-1"}"#));
        }
        matching.pool.read(|pool| pool.locked.len())
    }

    #[test]
    fn a_pickup_locks_until_the_ride_is_completed() {
        assert_eq!(locked_after(&[PICKUP]), 1);
        assert_eq!(locked_after(&[PICKUP, COMPLETED]), 0);
    }

    #[test]
    fn a_completion_that_comes_first_leaves_nobody_locked() {
        assert_eq!(locked_after(&[COMPLETED, PICKUP]), 0);
    }
}
