//! What a case did and saw, in order: [`History`], filled by wrappers around the broker ([`record`]).

pub(crate) mod counts;
pub(crate) mod event;
pub(crate) mod record;
pub(crate) mod saved;
pub(crate) mod timeline;

use std::fmt::{self, Debug, Formatter};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use pubsub_core::{OutboundMessage, ScheduleTime};
use tokio::sync::watch;
use tokio::time::Instant;

use event::{Event, Number, What};

/// The events of one case, in the order in which the case could see them. Cloning shares it.
#[derive(Clone)]
pub(crate) struct History(Arc<Shared>);

struct Shared {
    began: Instant,
    /// The wall clock at that moment.
    began_at: SystemTime,
    events: Mutex<Vec<Event>>,
    numbers: AtomicUsize,
    /// Says that there is a new event.
    changes: watch::Sender<()>,
}

/// Without the events: what holds a history is printed too, and those events hold payloads.
impl Debug for History {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").finish_non_exhaustive()
    }
}

impl History {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            began: Instant::now(),
            began_at: SystemTime::now(),
            events: Mutex::default(),
            numbers: AtomicUsize::default(),
            changes: watch::Sender::default(),
        }))
    }

    /// The wall clock now, as a backend on the case's time has it: that of the beginning and what has passed since.
    pub(crate) fn wall_clock(&self) -> SystemTime {
        self.0.began_at + self.0.began.elapsed()
    }

    /// A number that nothing else in this history has.
    pub(crate) fn number(&self) -> Number {
        self.0.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// That a message is handed over, as a publish of this number.
    pub(crate) fn record_publish(
        &self,
        publish: Number,
        publisher: Number,
        message: &OutboundMessage,
        may_retry: bool,
    ) {
        let message = Box::new(message.clone());
        self.record_with(|now| {
            let due_in = match message.schedule().map(|schedule| &schedule.when) {
                Some(ScheduleTime::At(time)) => Some(time.duration_since(now).unwrap_or_default()),
                _ => None,
            };
            What::PublishCalled { publish, publisher, message, due_in, may_retry }
        });
    }

    pub(crate) fn record(&self, what: What) {
        self.record_with(|_| what);
    }

    /// Records what tells of another time, beside the time of the event: it is given the wall clock at that.
    pub(crate) fn record_with(&self, what: impl FnOnce(SystemTime) -> What) {
        let mut events = self.0.events.lock().unwrap_or_else(PoisonError::into_inner);
        // The time is read under the lock, so that it never runs against the order.
        let at = self.0.began.elapsed();
        let event = Event { order: events.len(), at, what: what(self.0.began_at + at) };
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
