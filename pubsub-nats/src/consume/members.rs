//! What a consumer that chooses among those who ask is told with each pull: [`Members`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use pubsub_core::{PriorityGroup, PriorityPolicy, PullPriority};
use serde::Serialize;

/// By which the server tells who is pinned that it is.
pub(crate) const PIN_ID: &str = "Nats-Pin-Id";

/// The group of a consumer, and the pin if this handle holds it.
#[derive(Debug)]
pub(super) struct Members {
    /// Whether one is pinned at all: known without the lock, for each message.
    pins: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    group: Option<PriorityGroup>,
    pin: Option<String>,
}

/// The part of a pull that a group asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Membership {
    group: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_pending: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_ack_pending: Option<u64>,
    /// A rank of 0 is left out: nats-server 2.11 does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub(super) pin: Option<String>,
}

impl Members {
    pub(super) fn new(group: Option<PriorityGroup>) -> Self {
        Self { pins: AtomicBool::new(pins(group.as_ref())), state: Mutex::new(State { group, pin: None }) }
    }

    pub(super) fn group(&self) -> Option<PriorityGroup> {
        self.lock().group.clone()
    }

    /// Takes over what the server told last.
    pub(super) fn told(&self, group: Option<PriorityGroup>) {
        self.pins.store(pins(group.as_ref()), Ordering::Relaxed);
        self.lock().group = group;
    }

    /// What to say with a pull.
    pub(super) fn membership(&self, priority: &PullPriority) -> Option<Membership> {
        let state = self.lock();
        let group = state.group.as_ref()?;
        Some(Membership {
            group: group.name.clone(),
            min_pending: priority.min_pending,
            min_ack_pending: priority.min_ack_pending,
            priority: Some(priority.rank).filter(|rank| *rank > 0),
            pin: state.pin.clone().filter(|_| pins(Some(group))),
        })
    }

    /// How long a pull may live: the server counts the time of a pin from the last pull, also while one is open (measured on
    /// nats-server 2.12.8 and 2.15.1), so who waits has to ask again in time.
    pub(super) fn expires(&self, wanted: Duration) -> Duration {
        if !self.pins.load(Ordering::Relaxed) {
            return wanted;
        }
        self.lock().group.as_ref().map_or(wanted, |group| wanted.min(group.pin_timeout / 2))
    }

    /// A message came with these headers: its receiver is pinned.
    pub(super) fn received(&self, headers: Option<&HeaderMap>) {
        if self.pins.load(Ordering::Relaxed)
            && let Some(pin) = headers.and_then(|headers| headers.get(PIN_ID))
        {
            let mut state = self.lock();
            if state.pin.as_deref() != Some(pin.as_str()) {
                state.pin = Some(pin.as_str().to_owned());
            }
        }
    }

    /// The server does not know this pin any more.
    pub(super) fn unpinned(&self, pin: Option<&str>) {
        let mut state = self.lock();
        if state.pin.as_deref() == pin {
            state.pin = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pins(group: Option<&PriorityGroup>) -> bool {
    group.is_some_and(|group| group.policy == PriorityPolicy::Pinned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned() -> Members {
        let group = PriorityGroup::pinned("g").unwrap().with_pin_timeout(Duration::from_secs(8));
        Members::new(Some(group))
    }

    fn told(members: &Members, pin: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(PIN_ID, pin);
        members.received(Some(&headers));
    }

    fn pin(members: &Members) -> Option<String> {
        members.membership(&PullPriority::default()).unwrap().pin
    }

    #[test]
    fn a_pin_goes_with_the_next_pulls_until_the_server_does_not_know_it() {
        let members = pinned();
        assert_eq!(pin(&members), None);
        told(&members, "one");
        assert_eq!(pin(&members).as_deref(), Some("one"));
        told(&members, "two");
        // What an older pull learns does not concern the newer pin.
        members.unpinned(Some("one"));
        assert_eq!(pin(&members).as_deref(), Some("two"));
        members.unpinned(Some("two"));
        assert_eq!(pin(&members), None);
    }

    #[test]
    fn who_waits_asks_again_before_its_pin_ends() {
        assert_eq!(pinned().expires(Duration::from_secs(30)), Duration::from_secs(4));
        assert_eq!(Members::new(None).expires(Duration::from_secs(30)), Duration::from_secs(30));
    }

    #[test]
    fn without_a_group_nothing_is_said() {
        assert_eq!(Members::new(None).membership(&PullPriority::default()), None);
        let overflow = Members::new(Some(PriorityGroup::overflow("g").unwrap()));
        let said = overflow.membership(&PullPriority::overflow(5));
        assert_eq!(serde_json::to_string(&said).unwrap(), r#"{"group":"g","min_pending":5}"#);
        let ranked = Members::new(Some(PriorityGroup::prioritized("g").unwrap()));
        let said = ranked.membership(&PullPriority::ranked(3));
        assert_eq!(serde_json::to_string(&said).unwrap(), r#"{"group":"g","priority":3}"#);
    }
}
