//! What listeners to plain messages may hear.

use std::collections::{BTreeSet, HashMap};

use super::records::{Heard, Records};
use super::story::Found;

/// A message as a listener hears it: the same one may be said several times.
type Content<'a> = (&'a str, &'a [u8]);

/// Each listener, and all of a group together, hears a message at most as often as it was said.
pub(super) fn heard_at_most_once(records: &Records<'_>) -> Found {
    let mut said: HashMap<Content<'_>, usize> = HashMap::new();
    for publish in &records.publishes {
        let content = (publish.message.subject.as_str(), publish.message.payload.as_ref());
        *said.entry(content).or_default() += 1;
    }
    let mut heard: HashMap<(String, Content<'_>), BTreeSet<usize>> = HashMap::new();
    for message in records.heard.iter().filter(|message| !is_from_broker(message)) {
        let who = match records.groups.get(&message.listener) {
            Some(group) => format!("the group {group}"),
            None => format!("the listener {}", message.listener),
        };
        let content = (message.subject, message.payload.as_ref());
        heard.entry((who, content)).or_default().insert(message.order);
    }
    let mut found = Found::new();
    for ((who, content), orders) in heard {
        let times = said.get(&content).copied().unwrap_or(0);
        if orders.len() > times {
            let detail =
                format!("{who} heard `{}` {} times; it was said {times} times", content.0, orders.len());
            found.push((detail, orders));
        }
    }
    found
}

/// Republished by a stream, or an advisory.
fn is_from_broker(message: &Heard<'_>) -> bool {
    message.headers.get("Nats-Stream").is_some() || message.subject.starts_with('$')
}
