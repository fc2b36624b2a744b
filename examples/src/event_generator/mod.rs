//! Synthetic events of a ride-sharing day around Jakarta. The same arguments give the same events.

mod journey;

use fastrand::Rng;
use serde_json::{Value, json};

use journey::City;

/// One line of the input of the ride-sharing example.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The subject it is published to.
    pub subject: &'static str,
    /// The message id, by the rule `{event-type}-{entity-id}-{timestamp}`.
    pub id: String,
    /// The payload, a JSON object.
    pub payload: Value,
}

impl Event {
    /// The event as one line of JSON, without the end of the line.
    #[must_use]
    pub fn to_line(&self) -> String {
        let (subject, id) = (json!(self.subject), json!(self.id));
        format!(r#"{{"subject":{subject},"id":{id},"payload":{}}}"#, self.payload)
    }
}

/// One event in a hundred is published a second time, as by a client that did not see its confirmation.
const REPEATED_PERCENT: u32 = 1;
/// How many lines at most lie between an event and its repetition.
const REPEATED_WITHIN: usize = 20;

/// The events of that many ride requests, in the order of their time, about 1 % of them repeated with the same id.
///
/// ```
/// use pubsub_examples::event_generator::generate;
///
/// let events = generate(3, 7);
/// assert_eq!(events, generate(3, 7));
/// assert!(events.iter().any(|event| event.subject == "match.accepted"));
/// ```
#[must_use]
pub fn generate(rides: u32, seed: u64) -> Vec<Event> {
    let mut random = Rng::with_seed(seed);
    let mut city = City::new(&mut random);
    for ride in 1..=rides {
        city.request_ride(ride);
    }
    repeat_some(city.into_events(), &mut random)
}

fn repeat_some(events: Vec<Event>, random: &mut Rng) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::with_capacity(events.len() + events.len() / 50);
    let mut waiting: Vec<(usize, Event)> = Vec::new();
    for (at, event) in events.into_iter().enumerate() {
        if random.u32(0..100) < REPEATED_PERCENT {
            waiting.push((at + random.usize(1..=REPEATED_WITHIN), event.clone()));
        }
        out.push(event);
        out.extend(waiting.extract_if(.., |(due, _)| *due <= at).map(|(_, repeated)| repeated));
    }
    out.extend(waiting.into_iter().map(|(_, repeated)| repeated));
    out
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SAMPLE: &str = include_str!("../../data/ride_events.jsonl");

    #[test]
    fn the_sample_is_what_the_generator_writes() {
        let generated = generate(300, 7);
        assert_eq!(generated.len(), SAMPLE.lines().count());
        for (event, line) in generated.iter().zip(SAMPLE.lines()) {
            // As values: the order of a payload's fields depends on a feature of serde_json.
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&event.to_line()).unwrap(), line);
        }
    }

    #[test]
    fn about_one_event_in_a_hundred_is_repeated() {
        let events = generate(300, 7);
        let ids: HashSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
        let repeated = events.len() - ids.len();
        assert!(
            (events.len() / 200..events.len() / 50).contains(&repeated),
            "{repeated} of {}",
            events.len()
        );
    }

    #[test]
    fn another_seed_gives_other_events() {
        assert_ne!(generate(3, 7), generate(3, 8));
    }
}
