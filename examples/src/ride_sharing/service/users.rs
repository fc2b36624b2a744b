//! The users service: tells passengers and drivers what happens.

use std::collections::BTreeMap;

use super::inbox::Inbox;
use super::{Event, Service};

/// Counts what would go out over web sockets.
#[derive(Debug, Default)]
pub(super) struct Users {
    notified: Inbox<BTreeMap<String, u64>>,
}

impl Service for Users {
    fn keep(&self, event: &Event) {
        self.notified.take(event, |sent| *sent.entry(event.subject.clone()).or_default() += 1);
    }

    fn summary(&self) -> String {
        self.notified.read(|sent| format!("{} notifications sent", sent.values().sum::<u64>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_once() {
        let users = Users::default();
        users.keep(&Event::new("match.found", "f-1", b"{}"));
        users.keep(&Event::new("match.found", "f-1", b"{}"));
        assert_eq!(users.summary(), "1 notifications sent");
    }
}
