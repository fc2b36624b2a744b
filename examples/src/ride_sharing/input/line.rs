//! One line of the input.

use pubsub::{MessageId, OutboundMessage, Result, Subject};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ride_sharing::service::Event;
use crate::ride_sharing::topology::stream_of;

/// What a line says. Fields that are not named here are left alone; the payload is published as it is written.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Line {
    pub(super) subject: Subject,
    pub(super) id: MessageId,
    payload: Box<RawValue>,
}

/// Reads a line; an error says in words what is wrong with it.
pub(super) fn parse(bytes: &[u8]) -> Result<Line, String> {
    let line: Line = serde_json::from_slice(bytes.trim_ascii()).map_err(|error| in_words(&error))?;
    match stream_of(line.subject.as_str()) {
        Some(_) => Ok(line),
        None => Err(format!("none of the four streams takes the subject `{}`", line.subject)),
    }
}

/// Its line would be 1 always, beside the number that the line has in the input.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(fault) => format!("{fault} at column {}", error.column()),
        None => text,
    }
}

impl Line {
    pub(super) fn message(&self) -> Result<OutboundMessage> {
        OutboundMessage::new(self.subject.clone(), self.payload.get().to_owned())?.with_id(self.id.clone())
    }

    pub(super) fn event(&self) -> Event {
        Event::new(self.subject.as_str(), self.id.as_str(), self.payload.get().as_bytes())
    }

    /// The same under another id: what the duplicate window cannot know as a repetition.
    pub(super) fn with_id(&self, id: MessageId) -> Self {
        Self { id, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named() {
        for (line, named) in [
            ("", "EOF"),
            ("[]", "expected struct"),
            (r#"{"subject":"user.beacon","payload":{}}"#, "missing field `id`"),
            (r#"{"subject":"user.beacon","id":"","payload":{}}"#, "empty"),
            (r#"{"subject":"user..beacon","id":"b","payload":{}}"#, "user..beacon"),
            (r#"{"subject":"user.>","id":"b","payload":{}}"#, "user.>"),
            (r#"{"subject":"user.beacon","id":"b"}"#, "missing field `payload`"),
            (r#"{"subject":"weather.report","id":"b","payload":{}}"#, "`weather.report`"),
        ] {
            let reason = parse(line.as_bytes()).unwrap_err();
            assert!(reason.contains(named), "{line}: {reason}");
        }
    }

    #[test]
    fn a_fault_has_a_column_and_no_line_of_its_own() {
        assert_eq!(parse(b"{\"subject\" 1}\r\n").unwrap_err(), "expected `:` at column 12");
    }

    #[test]
    fn the_payload_is_published_as_it_is_written() {
        let line = parse(br#"{"id":"b-1","payload":{"b": 1.50,  "a":1},"subject":"user.beacon","more":0}"#);
        let message = line.unwrap().message().unwrap();
        assert_eq!(message.payload, r#"{"b": 1.50,  "a":1}"#);
        assert_eq!(message.id.unwrap(), "b-1");
    }
}
