//! What is published because of an event.

use pubsub::{MessageId, OutboundMessage, Result};
use serde_json::{Value, json};

use super::Event;

/// The location service publishes an aggregate for every so many locations of a driver.
const AGGREGATE_EVERY: u64 = 10;

/// A message that follows from an event. It depends on the event alone, so that two runs of a handler, on two
/// instances, publish the same one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FollowUp {
    subject: &'static str,
    id: String,
    payload: Value,
}

/// What follows from an event, whoever publishes it.
pub(crate) fn follow_up(event: &Event) -> Option<FollowUp> {
    match event.subject.as_str() {
        "match.accepted" => Some(pickup(event)),
        "location.update" => aggregate(event),
        _ => None,
    }
}

fn pickup(accepted: &Event) -> FollowUp {
    let match_id = accepted.match_id();
    FollowUp {
        subject: "ride.pickup",
        id: by_rule("pickup", &match_id, &accepted.timestamp()),
        payload: json!({
            "ride_id": format!("ride-{match_id}"),
            "match_id": match_id,
            "driver_id": accepted.field("driver_id"),
            "passenger_id": accepted.field("passenger_id"),
            "timestamp": accepted.timestamp(),
        }),
    }
}

fn aggregate(update: &Event) -> Option<FollowUp> {
    let seq = update.number("seq").filter(|seq| seq % AGGREGATE_EVERY == 0)?;
    let driver = update.text("driver_id")?;
    Some(FollowUp {
        subject: "location.aggregate",
        id: by_rule("aggregate", &driver, &update.timestamp()),
        payload: json!({
            "driver_id": driver,
            "updates": seq,
            "lat": update.field("lat"),
            "lng": update.field("lng"),
            "timestamp": update.timestamp(),
        }),
    })
}

/// A message id by the rule `{event-type}-{entity-id}-{timestamp}`. If the parts do not make a legal id (they come
/// from payloads of any kind), their hash takes their place.
fn by_rule(event_type: &str, entity: &str, timestamp: &str) -> String {
    let id = format!("{event_type}-{entity}-{timestamp}");
    if MessageId::new(&*id).is_ok() { id } else { format!("{event_type}-{:016x}", fnv1a(&id)) }
}

/// The 64-bit hash of Fowler, Noll and Vo: the same in every process and every version.
pub(crate) fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl FollowUp {
    pub(crate) fn message(&self) -> Result<OutboundMessage> {
        OutboundMessage::json(self.subject, &self.payload)?.with_id(self.id.as_str())
    }

    pub(crate) fn event(&self) -> Event {
        Event::new(self.subject, &*self.id, self.payload.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(subject: &str, payload: &str) -> Event {
        Event::new(subject, "e-1", payload.as_bytes())
    }

    #[test]
    fn an_accepted_match_is_followed_by_a_pickup_with_an_id_by_the_rule() {
        let accepted = event("match.accepted", r#"{"match_id":"m-1","timestamp":"2026-01-05T06:00:00Z"}"#);
        let message = follow_up(&accepted).unwrap().message().unwrap();
        assert_eq!(message.subject, "ride.pickup");
        assert_eq!(message.id.unwrap(), "pickup-m-1-2026-01-05T06:00:00Z");
    }

    #[test]
    fn every_tenth_location_of_a_driver_is_followed_by_an_aggregate() {
        let location = |seq| event("location.update", &format!(r#"{{"driver_id":"d-1","seq":{seq}}}"#));
        let followed: Vec<u32> = (1..=30).filter(|seq| follow_up(&location(*seq)).is_some()).collect();
        assert_eq!(followed, [10, 20, 30]);
    }

    #[test]
    fn nothing_follows_from_what_follows() {
        let pickup = follow_up(&event("match.accepted", "{}")).unwrap();
        assert_eq!(follow_up(&pickup.event()), None);
    }

    #[test]
    fn parts_that_make_no_legal_id_are_hashed() {
        for match_id in ["line\\nbreak".to_owned(), "m".repeat(500)] {
            let accepted =
                event("match.accepted", &format!(r#"{{"match_id":"{match_id}","timestamp":"t"}}"#));
            let id = follow_up(&accepted).unwrap().message().unwrap().id.unwrap();
            assert_eq!(id.as_str().len(), "pickup-".len() + 16);
        }
    }
}
