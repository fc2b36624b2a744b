//! A configuration as names and values, as a file would have them.

use serde::Serialize;
use serde_json::Value;

/// In the order of the names; what stands in an object is named with a dot.
pub(super) fn of(value: &impl Serialize) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(value) {
        fields.iter().for_each(|(name, value)| add(&mut facts, name, value));
    }
    facts
}

fn add(facts: &mut Vec<(String, String)>, name: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(inner, value)| add(facts, &format!("{name}.{inner}"), value));
        }
        value => facts.push((name.to_owned(), written(value))),
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_joined_and_objects_flattened() {
        let value = serde_json::json!({"b": ["x", "y"], "a": {"c": 1, "d": "2m"}, "e": [], "f": true});
        let expected = [("a.c", "1"), ("a.d", "2m"), ("b", "x, y"), ("e", "none"), ("f", "true")];
        assert_eq!(of(&value), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
