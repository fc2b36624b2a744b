//! The four streams, and which service reads which subject.

use std::time::Duration;

use pubsub::{ConsumerConfig, ConsumerName, Limit, Result, Retention, Storage, StreamConfig};

use super::service::ServiceName;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Within it, a stream stores one message of several with the same id.
pub(super) const DUPLICATE_WINDOW: Duration = Duration::from_secs(5 * 60);

/// How often a message is tried at most, the first time included.
pub(super) const MAX_ATTEMPTS: u32 = 5;

/// Where messages go that are given up. Here none is: a run that gives one up has lost it.
pub(super) const DEAD_LETTERS: &str = "DEAD_LETTERS";

/// How long a delivery may stay unsettled when its worker is gone; one that runs extends it.
const ACK_WAIT: Duration = Duration::from_secs(5);

/// One stream.
#[derive(Debug)]
pub(super) struct StreamPlan {
    pub(super) name: &'static str,
    pub(super) subjects: &'static [&'static str],
    pub(super) retention: Retention,
    storage: Storage,
    max_age: Duration,
}

pub(super) const STREAMS: [StreamPlan; 4] = [
    StreamPlan {
        name: "USER_STREAM",
        subjects: &["user.beacon", "user.finder"],
        retention: Retention::Interest,
        storage: Storage::File,
        max_age: DAY,
    },
    StreamPlan {
        name: "MATCH_STREAM",
        subjects: &["match.found", "match.rejected", "match.accepted"],
        retention: Retention::Interest,
        storage: Storage::File,
        max_age: HOUR,
    },
    // Kept after it is settled: the audit trail.
    StreamPlan {
        name: "RIDE_STREAM",
        subjects: &["ride.pickup", "ride.started", "ride.arrived", "ride.completed"],
        retention: Retention::Limits,
        storage: Storage::File,
        max_age: Duration::from_secs(7 * 24 * 3_600),
    },
    StreamPlan {
        name: "LOCATION_STREAM",
        subjects: &["location.update", "location.aggregate"],
        retention: Retention::Interest,
        storage: Storage::Memory,
        max_age: Duration::from_secs(2 * 3_600),
    },
];

impl StreamPlan {
    pub(super) fn config(&self) -> Result<StreamConfig> {
        Ok(StreamConfig::new(self.name, self.subjects.iter().copied())?
            .with_retention(self.retention)
            .with_storage(self.storage)
            .with_max_age(self.max_age)
            .with_duplicate_window(DUPLICATE_WINDOW))
    }
}

/// The stream that stores a subject.
pub(super) fn stream_of(subject: &str) -> Option<&'static StreamPlan> {
    STREAMS.iter().find(|stream| stream.subjects.contains(&subject))
}

/// One service reads one subject, through a durable consumer of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) subject: &'static str,
    pub(super) service: ServiceName,
}

const fn route(subject: &'static str, service: ServiceName) -> Route {
    Route { subject, service }
}

/// All routes. One whose handler publishes stands before those that read what it publishes: waiting until all is
/// quiet relies on that order.
pub(super) const ROUTES: [Route; 15] = [
    route("user.beacon", ServiceName::Users),
    route("user.beacon", ServiceName::Match),
    route("user.finder", ServiceName::Match),
    route("match.found", ServiceName::Users),
    route("match.rejected", ServiceName::Users),
    route("match.accepted", ServiceName::Users),
    route("match.accepted", ServiceName::Rides),
    route("ride.pickup", ServiceName::Users),
    route("ride.pickup", ServiceName::Match),
    route("ride.started", ServiceName::Users),
    route("ride.arrived", ServiceName::Users),
    route("ride.completed", ServiceName::Users),
    route("ride.completed", ServiceName::Match),
    route("location.update", ServiceName::Location),
    route("location.aggregate", ServiceName::Match),
];

impl Route {
    /// `{subject}_{service}`, such as `match_accepted_rides`.
    pub(super) fn consumer(&self) -> Result<ConsumerName> {
        ConsumerName::for_service(self.subject, self.service.as_str())
    }

    pub(super) fn config(&self) -> Result<ConsumerConfig> {
        Ok(ConsumerConfig::durable(self.consumer()?)?
            .with_filter(self.subject)?
            .with_ack_wait(ACK_WAIT)
            .with_max_deliver(Limit::Unlimited)) // a worker counts attempts by itself
    }
}

/// Those who read a subject.
pub(super) fn routes_of(subject: &str) -> impl Iterator<Item = &'static Route> + '_ {
    ROUTES.iter().filter(move |route| route.subject == subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_consumers_are_valid() {
        for stream in &STREAMS {
            stream.config().unwrap().validate().unwrap();
        }
        for route in &ROUTES {
            route.config().unwrap().validate().unwrap();
        }
    }

    #[test]
    fn every_subject_has_a_reader() {
        // An interest stream drops what nobody reads.
        for subject in STREAMS.iter().flat_map(|stream| stream.subjects) {
            assert!(routes_of(subject).next().is_some(), "{subject}");
        }
    }

    #[test]
    fn the_accepted_match_and_the_pickup_are_read_by_two_services() {
        let readers = |subject| {
            routes_of(subject).map(|route| route.consumer().unwrap().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(readers("match.accepted"), ["match_accepted_users", "match_accepted_rides"]);
        assert_eq!(readers("ride.pickup"), ["ride_pickup_users", "ride_pickup_match"]);
    }
}
