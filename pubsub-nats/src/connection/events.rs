//! What async-nats tells about the connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::{Event, ServerError};
use tokio::sync::watch;

use super::replies::Replies;
use super::request::Request;
use crate::publish::InFlight;

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
    given_up: AtomicBool,
}

impl Events {
    pub(super) fn new(publishes: Arc<Replies<InFlight>>, requests: Arc<Replies<Request>>) -> Self {
        Self {
            connected: watch::Sender::new(0),
            publishes,
            requests,
            denied_subscription: Mutex::new(None),
            given_up: AtomicBool::new(false),
        }
    }

    /// Counts how often the connection was made, the first time included.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        self.connected.subscribe()
    }

    pub(super) fn denied_subscription(&self) -> Option<String> {
        self.denied_subscription
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Says that nobody needs the connection any more.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
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
            self.publishes.deny(subject);
            self.requests.deny(subject);
        } else if let Some(subject) = denied(text, "Permissions Violation for Subscription to \"") {
            tracing::warn!(
                subject,
                "the server does not allow this client to subscribe there"
            );
            *self
                .denied_subscription
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(subject.to_owned());
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
        assert_eq!(
            denied(text, "Permissions Violation for Publish to \""),
            Some("ride.pickup")
        );
        assert_eq!(
            denied("Permissions Violation", "Permissions Violation for Publish to \""),
            None
        );
        assert_eq!(denied("", "Permissions Violation for Publish to \""), None);
    }
}
