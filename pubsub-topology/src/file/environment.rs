//! Variables that change single fields.

use pubsub_core::{Error, Result};
use serde_json::{Map, Value};

const BETWEEN: &str = "__";

/// Sets the field that the variable names. Keys may hold the text between keys themselves, so each known key is tried, the longest first.
pub(super) fn lay_over(fields: &mut Map<String, Value>, prefix: &str, name: &str, value: &str) -> Result<()> {
    let Some(path) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(BETWEEN)) else {
        return Err(refused(name, &format!("it does not begin with `{prefix}{BETWEEN}`")));
    };
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    if set(fields, path, &value, true) {
        return Ok(());
    }
    Err(refused(name, "there is no such stream, consumer, template or service"))
}

fn set(fields: &mut Map<String, Value>, path: &str, value: &Value, is_top: bool) -> bool {
    let mut known: Vec<String> = fields.keys().cloned().collect();
    known.sort_by_key(|key| std::cmp::Reverse(key.len()));
    for key in known {
        let Some(rest) = strip(path, &key) else { continue };
        let Some(field) = fields.get_mut(&key) else { continue };
        if rest.is_empty() {
            *field = value.clone();
            return true;
        }
        let inner = rest.strip_prefix(BETWEEN).zip(field.as_object_mut());
        if inner.is_some_and(|(rest, inner)| set(inner, rest, value, false)) {
            return true;
        }
    }
    // A field that is not there yet is added to what is there; nothing else is made of a variable but the defaults.
    match path.split_once(BETWEEN) {
        None if !is_top && !path.is_empty() => {
            fields.insert(path.to_lowercase(), value.clone());
            true
        }
        Some((key, rest)) if is_top && key.eq_ignore_ascii_case("defaults") => {
            let Some((what, field)) = rest.split_once(BETWEEN) else { return false };
            let defaults = fields.entry("defaults").or_insert_with(|| Value::Object(Map::new()));
            let Some(defaults) = defaults.as_object_mut() else { return false };
            let inner = defaults.entry(what.to_lowercase()).or_insert_with(|| Value::Object(Map::new()));
            inner.as_object_mut().is_some_and(|inner| set(inner, field, value, false))
        }
        _ => false,
    }
}

fn strip<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    let (start, rest) = path.split_at_checked(key.len())?;
    start.eq_ignore_ascii_case(key).then_some(rest)
}

fn refused(name: &str, why: &str) -> Error {
    Error::config("environment", format!("the variable `{name}` cannot be used: {why}"))
        .with_remedy("write it as PUBSUB_TOPOLOGY__STREAMS__RIDE__MAX_AGE=7d, for streams that the file has")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn laid(variables: &[(&str, &str)]) -> Result<Value> {
        let json = json!({"streams": {
            "RIDE": {"subjects": ["ride.>"], "max_age": "1h"},
            "RIDE__X": {"subjects": ["x"], "consumers": {"a_b": {"ack_wait": "1s"}}},
        }});
        let Value::Object(mut fields) = json else { panic!("it is an object") };
        for (name, value) in variables {
            lay_over(&mut fields, "T", name, value)?;
        }
        Ok(Value::Object(fields))
    }

    #[test]
    fn fields_are_changed_and_added_in_any_case() {
        let laid = laid(&[
            ("T__STREAMS__RIDE__MAX_AGE", "7d"),
            ("T__streams__ride__replicas", "3"),
            ("T__STREAMS__RIDE__X__CONSUMERS__A_B__ACK_WAIT", "5s"),
            ("T__DEFAULTS__STREAM__STORAGE", "memory"),
        ])
        .unwrap();
        assert_eq!(laid["streams"]["RIDE"]["max_age"], "7d");
        assert_eq!(laid["streams"]["RIDE"]["replicas"], 3);
        assert_eq!(laid["streams"]["RIDE__X"]["consumers"]["a_b"]["ack_wait"], "5s");
        assert_eq!(laid["defaults"]["stream"]["storage"], "memory");
    }

    #[test]
    fn a_variable_that_names_nothing_is_refused() {
        for name in [
            "T__STREAMS__NONE__MAX_AGE",
            "T__MAX_AGE",
            "T",
            "U__STREAMS__RIDE__MAX_AGE",
            "T__STREAMS__RIDE__X__CONSUMERS__C__ACK_WAIT",
        ] {
            assert!(laid(&[(name, "1")]).is_err(), "{name}");
        }
    }
}
