//! What a case did and saw, in order: [`History`], filled by wrappers around the broker ([`record`]).

pub(crate) mod event;
pub(crate) mod record;
pub(crate) mod timeline;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use event::{Event, Number, What};

/// The events of one case, in the order in which the case could see them. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct History(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    began: Instant,
    events: Mutex<Vec<Event>>,
    numbers: AtomicUsize,
    /// Says that there is a new event.
    changes: watch::Sender<()>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            began: Instant::now(),
            events: Mutex::default(),
            numbers: AtomicUsize::default(),
            changes: watch::Sender::default(),
        }))
    }

    /// A number that nothing else in this history has.
    pub(crate) fn number(&self) -> Number {
        self.0.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn record(&self, what: What) {
        let mut events = self.0.events.lock().unwrap_or_else(PoisonError::into_inner);
        // The time is read under the lock, so that it never runs against the order.
        let event = Event { order: events.len(), at: self.0.began.elapsed(), what };
        events.push(event);
        drop(events);
        self.0.changes.send_replace(());
    }

    /// Tells of each further event.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    /// The events until now.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
