//! The four services: what each keeps, and what it publishes in turn.
//!
//! An event takes three steps: keep what it says, publish what follows, ack. The handler does the first and returns what
//! follows; the worker does the rest. Each step can be repeated: what is learned is kept once by the inbox; what follows
//! depends on the event alone, its id too, so that the stream stores it once. A crash between any two of them loses
//! nothing and doubles nothing. (A handler that returned nothing for an event that it finds in the inbox would lose
//! what follows if the crash came in between.)

mod event;
mod follow_up;
mod inbox;
mod location;
mod matching;
mod rides;
mod users;

use std::fmt::{Debug, Display, Formatter};
use std::sync::Arc;

pub(super) use event::Event;
pub(super) use follow_up::{FollowUp, fnv1a, follow_up};

use location::Location;
use matching::Matching;
use rides::Rides;
use users::Users;

/// Which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceName {
    Users,
    Match,
    Rides,
    Location,
}

impl ServiceName {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Match => "match",
            Self::Rides => "rides",
            Self::Location => "location",
        }
    }
}

impl Display for ServiceName {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a service does with an event. All instances of a service share one of these, as they would share a
/// database.
pub(super) trait Service: Debug + Send + Sync {
    /// Keeps what the event says. Of several calls with the same event, only the first changes anything.
    fn keep(&self, event: &Event);

    /// What to publish because of the event, whether it was kept before or not.
    fn publishes(&self, event: &Event) -> Option<FollowUp> {
        let _ = event;
        None
    }

    /// What it has learned, in a few words.
    fn summary(&self) -> String;
}

/// All four.
#[derive(Debug)]
pub(super) struct Services {
    users: Arc<Users>,
    matching: Arc<Matching>,
    pub(super) rides: Arc<Rides>,
    location: Arc<Location>,
}

impl Services {
    pub(super) fn new() -> Self {
        Self {
            users: Arc::default(),
            matching: Arc::default(),
            rides: Arc::default(),
            location: Arc::default(),
        }
    }

    pub(super) fn get(&self, name: ServiceName) -> Arc<dyn Service> {
        match name {
            ServiceName::Users => Arc::<Users>::clone(&self.users),
            ServiceName::Match => Arc::<Matching>::clone(&self.matching),
            ServiceName::Rides => Arc::<Rides>::clone(&self.rides),
            ServiceName::Location => Arc::<Location>::clone(&self.location),
        }
    }

    pub(super) fn summaries(&self) -> Vec<(&'static str, String)> {
        [ServiceName::Users, ServiceName::Match, ServiceName::Rides, ServiceName::Location]
            .map(|name| (name.as_str(), self.get(name).summary()))
            .to_vec()
    }
}
