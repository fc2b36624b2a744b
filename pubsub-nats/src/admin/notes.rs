//! Notes about streams and consumers, of which the server keeps some for itself.

use serde_json::{Map, Value};

/// The keys of the server's own notes begin so.
const SERVERS_OWN: &str = "_nats.";
const FIELD: &str = "metadata";

/// Puts the server's own notes of `existing` into `wanted`, and takes any other of that kind out: they are the server's
/// to write, and an update that leaves them out would delete them where it does not (2.10).
pub(super) fn keep_servers_own(existing: &Map<String, Value>, wanted: &mut Map<String, Value>) {
    let notes = |config: &Map<String, Value>| match config.get(FIELD) {
        Some(Value::Object(notes)) => notes.clone(),
        _ => Map::new(),
    };
    let mut merged = without_servers_own(notes(wanted));
    merged.extend(notes(existing).into_iter().filter(|(key, _)| key.starts_with(SERVERS_OWN)));
    if merged.is_empty() {
        wanted.remove(FIELD);
    } else {
        wanted.insert(FIELD.to_owned(), Value::Object(merged));
    }
}

fn without_servers_own(mut notes: Map<String, Value>) -> Map<String, Value> {
    notes.retain(|key, _| !key.starts_with(SERVERS_OWN));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn own_notes_are_replaced_and_the_servers_stay() {
        let existing = config(r#"{"metadata": {"_nats.level": "1", "team": "old"}}"#);
        let mut wanted = config(r#"{"metadata": {"_nats.level": "9", "_nats.x": "y", "team": "new"}}"#);
        keep_servers_own(&existing, &mut wanted);
        assert_eq!(wanted, config(r#"{"metadata": {"_nats.level": "1", "team": "new"}}"#));
    }

    #[test]
    fn without_any_there_is_no_field() {
        let mut wanted = config(r#"{"metadata": {"_nats.x": "y"}, "name": "RIDE"}"#);
        keep_servers_own(&Map::new(), &mut wanted);
        assert_eq!(wanted, config(r#"{"name": "RIDE"}"#));
    }
}
