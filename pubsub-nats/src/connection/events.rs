//! What async-nats tells about the connection.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Event, ServerError};
use tokio::sync::watch;
use tokio::time::Instant;

use super::replies::Replies;
use super::request::Request;
use crate::publish::InFlight;

/// How many refused subjects are remembered, and for how long: one round of a consumer's heartbeats.
const MAX_DENIED: usize = 64;
const DENIED_FOR: Duration = Duration::from_secs(15);

/// Follows the events of one connection. Events can be lost (async-nats queues 128 and drops the rest), so nothing
/// depends on one: each only makes something happen sooner.
#[derive(Debug)]
pub(crate) struct Events {
    /// How often the connection was made; a change means that what the server knew of us is gone.
    connected: watch::Sender<u64>,
    publishes: Arc<Replies<InFlight>>,
    requests: Arc<Replies<Request>>,
    /// What this client may not subscribe to, if the server said so.
    denied_subscription: Mutex<Option<String>>,
    /// Where this client may not publish, the latest last.
    denied: Mutex<VecDeque<(String, Instant)>>,
    given_up: AtomicBool,
}

impl Events {
    pub(super) fn new(publishes: Arc<Replies<InFlight>>, requests: Arc<Replies<Request>>) -> Self {
        Self {
            connected: watch::Sender::new(0),
            publishes,
            requests,
            denied_subscription: Mutex::new(None),
            denied: Mutex::new(VecDeque::new()),
            given_up: AtomicBool::new(false),
        }
    }

    /// Counts how often the connection was made, the first time included.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        self.connected.subscribe()
    }

    pub(super) fn denied_subscription(&self) -> Option<String> {
        self.denied_subscription.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that nobody needs the connection any more.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Whether the server said lately that this client may not publish there. Permissions can change, so it is forgotten.
    pub(super) fn is_denied(&self, subject: &str) -> bool {
        let denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        denied.iter().any(|(known, when)| known == subject && when.elapsed() < DENIED_FOR)
    }

    fn note_denied(&self, subject: &str) {
        let mut denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        denied.retain(|(known, _)| known != subject);
        if denied.len() >= MAX_DENIED {
            denied.pop_front();
        }
        denied.push_back((subject.to_owned(), Instant::now()));
    }

    pub(super) fn on(&self, event: &Event) {
        match event {
            Event::Connected => self.connected.send_modify(|times| *times += 1),
            Event::ServerError(ServerError::Other(text)) => self.on_error(text),
            Event::SlowConsumer(_) => {
                tracing::warn!("async-nats dropped a message: a subscription is not read fast enough");
            }
            _ => {}
        }
    }

    /// The protocol has no codes: a refusal is told in text only, and without this a forbidden publish would be an
    /// unknown outcome after a timeout. Nothing else is decided by text.
    fn on_error(&self, text: &str) {
        if let Some(subject) = denied(text, "Permissions Violation for Publish to \"") {
            tracing::warn!(subject, "the server does not allow this client to publish there");
            self.note_denied(subject);
            self.publishes.deny(subject);
            self.requests.deny(subject);
        } else if let Some(subject) = denied(text, "Permissions Violation for Subscription to \"") {
            tracing::warn!(subject, "the server does not allow this client to subscribe there");
            *self.denied_subscription.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(subject.to_owned());
        }
    }
}

fn denied<'a>(text: &'a str, what: &str) -> Option<&'a str> {
    text.strip_prefix(what)?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_of_a_refusal_is_found() {
        let text = "Permissions Violation for Publish to \"ride.pickup\"";
        assert_eq!(denied(text, "Permissions Violation for Publish to \""), Some("ride.pickup"));
        assert_eq!(denied("Permissions Violation", "Permissions Violation for Publish to \""), None);
        assert_eq!(denied("", "Permissions Violation for Publish to \""), None);
    }
}
