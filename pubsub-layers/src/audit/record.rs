//! What is recorded: [`AuditRecord`].

use std::time::SystemTime;

use bytes::Bytes;
use pubsub_core::config::timestamp;
use pubsub_core::{Error, StreamName};
use serde::Serialize;
use serde_json::Value;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditAction {
    /// A message was published.
    Publish,
    /// A delivery was acknowledged.
    Ack,
    /// A delivery was asked for again.
    Nak,
    /// A delivery was given up.
    Term,
}

impl AuditAction {
    /// The action in one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Ack => "ack",
            Self::Nak => "nak",
            Self::Term => "term",
        }
    }
}

/// When a record was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditPhase {
    /// Before it was done.
    Attempt,
    /// After it was done, or was not.
    Outcome,
}

/// One record. It serialises as one JSON object; what is not known is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// When, by this machine's clock.
    #[serde(with = "timestamp")]
    pub at: SystemTime,
    /// Who: the name that the layer was given.
    pub who: String,
    /// What.
    pub action: AuditAction,
    /// Before or after it was done.
    pub phase: AuditPhase,
    /// The message's subject.
    pub subject: String,
    /// The message's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The stream that stores it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamName>,
    /// Its sequence there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The consumer that delivered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// Which delivery of it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// How many bytes its payload has.
    pub bytes: usize,
    /// How it ended: `stored`, `duplicate`, `settled`, `failed`, or `unknown`. Not before it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    /// The kind of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// What was made of the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

impl AuditRecord {
    /// The same, after it was done.
    pub(super) fn ended(mut self, outcome: Result<&'static str, &Error>) -> Self {
        self.at = SystemTime::now();
        self.phase = AuditPhase::Outcome;
        match outcome {
            Ok(word) => self.outcome = Some(word),
            Err(error) => {
                self.outcome = Some(if error.is_effect_unknown() { "unknown" } else { "failed" });
                self.error = Some(error.kind().as_str());
            }
        }
        self
    }
}

/// For [`Audit::with_payload`](crate::Audit::with_payload): the payload if it is JSON, with `"***"` in place of these fields, each
/// given by its path (`customer.email`; in lists, in each item). What is no JSON is not recorded.
pub fn redacted_json<P: Into<String>>(
    paths: impl IntoIterator<Item = P>,
) -> impl Fn(&str, &Bytes) -> Option<String> + Send + Sync + 'static {
    let paths: Vec<String> = paths.into_iter().map(Into::into).collect();
    move |_, payload| {
        let mut json: Value = serde_json::from_slice(payload).ok()?;
        for path in &paths {
            redact(&mut json, path);
        }
        Some(json.to_string())
    }
}

fn redact(json: &mut Value, path: &str) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    match json {
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, path)),
        Value::Object(fields) => match (fields.get_mut(key), rest) {
            (Some(field), None) => *field = Value::from("***"),
            (Some(field), Some(rest)) => redact(field, rest),
            (None, _) => {}
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &'static str, paths: &[&str]) -> Option<String> {
        redacted_json(paths.iter().copied())("subject", &Bytes::from_static(json.as_bytes()))
    }

    #[test]
    fn fields_are_redacted_by_their_path_also_in_lists() {
        let json = r#"{"card":"4111","riders":[{"email":"a@b","name":"A"},{"name":"B"}],"x":1}"#;
        let expected = r#"{"card":"***","riders":[{"email":"***","name":"A"},{"name":"B"}],"x":1}"#;
        let shown = shown(json, &["card", "riders.email", "none.at.all", "x.y"]).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&shown).unwrap(),
            serde_json::from_str::<Value>(expected).unwrap()
        );
    }

    #[test]
    fn a_whole_object_is_redacted_too() {
        assert_eq!(shown(r#"{"card":{"number":"4111"}}"#, &["card"]).unwrap(), r#"{"card":"***"}"#);
    }

    #[test]
    fn what_is_no_json_is_not_shown() {
        assert_eq!(shown("card 4111", &[]), None);
    }
}
