//! What makes a handler idempotent.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::Event;

/// A service's state together with the events it has taken in. Both change in one step, as in one transaction of a
/// database.
#[derive(Debug, Default)]
pub(super) struct Inbox<S> {
    inner: Mutex<Inner<S>>,
}

#[derive(Debug, Default)]
struct Inner<S> {
    taken: HashSet<(String, String)>,
    state: S,
}

impl<S> Inbox<S> {
    /// Changes the state because of an event, unless that was done before.
    pub(super) fn take(&self, event: &Event, change: impl FnOnce(&mut S)) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.taken.insert((event.subject.clone(), event.id.clone())) {
            change(&mut inner.state);
        }
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        look(&self.inner.lock().unwrap_or_else(PoisonError::into_inner).state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_taken_once_for_each_subject() {
        let inbox = Inbox::<u32>::default();
        for subject in ["ride.started", "ride.started", "ride.arrived"] {
            inbox.take(&Event::new(subject, "e-1", b"{}"), |count| *count += 1);
        }
        assert_eq!(inbox.read(|count| *count), 2);
    }
}
