//! The location service: where each driver was last, and an aggregate now and then.

use std::collections::BTreeMap;

use super::follow_up::{FollowUp, follow_up};
use super::inbox::Inbox;
use super::{Event, Service};

#[derive(Debug, Default)]
pub(super) struct Location {
    last: Inbox<BTreeMap<String, u64>>,
}

impl Service for Location {
    /// Keeps the newest location of a driver, in whatever order they come.
    fn keep(&self, event: &Event) {
        self.last.take(event, |last| {
            let (Some(driver), Some(seq)) = (event.text("driver_id"), event.number("seq")) else {
                return;
            };
            let newest = last.entry(driver).or_default();
            *newest = seq.max(*newest);
        });
    }

    fn publishes(&self, event: &Event) -> Option<FollowUp> {
        follow_up(event)
    }

    fn summary(&self) -> String {
        self.last.read(|last| format!("{} drivers located", last.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_location_does_not_replace_a_newer_one() {
        let location = Location::default();
        for seq in [1, 3, 2] {
            let payload = format!(r#"{{"driver_id":"d-1","seq":{seq}}}"#);
            location.keep(&Event::new("location.update", format!("l-{seq}"), payload.as_bytes()));
        }
        assert_eq!(location.last.read(|last| last.get("d-1").copied()), Some(3));
    }
}
