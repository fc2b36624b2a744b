//! An event as a service reads it.

use pubsub::worker::{Failure, FromMessage, Incoming};
use pubsub::{DeliveryInfo, Headers};
use serde_json::Value;

/// Subject, id and payload. Fields are read leniently: any JSON is an event, and what is missing is missing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) subject: String,
    pub(crate) id: String,
    payload: Value,
}

impl Event {
    pub(crate) fn new(subject: impl Into<String>, id: impl Into<String>, payload: &[u8]) -> Self {
        let payload = serde_json::from_slice(payload).unwrap_or(Value::Null);
        Self { subject: subject.into(), id: id.into(), payload }
    }

    /// A message that somebody else published without an id gets one from its place in the stream.
    pub(crate) fn id_of(headers: &Headers, info: &DeliveryInfo) -> String {
        match headers.get("Nats-Msg-Id") {
            Some(id) => id.to_owned(),
            None => format!("{}-{}", info.stream, info.stream_sequence),
        }
    }

    /// A field that is a text or a number.
    pub(crate) fn text(&self, field: &str) -> Option<String> {
        match self.payload.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(crate) fn number(&self, field: &str) -> Option<u64> {
        self.payload.get(field)?.as_u64()
    }

    /// What is left of the payload besides its time, for a follow-up to carry on.
    pub(crate) fn field(&self, field: &str) -> Value {
        self.payload.get(field).cloned().unwrap_or(Value::Null)
    }

    /// The match that the event is about; without one, the event itself is what can be told apart.
    pub(crate) fn match_id(&self) -> String {
        self.text("match_id").unwrap_or_else(|| self.id.clone())
    }

    /// When it happened; without a time, the event itself is what can be told apart.
    pub(crate) fn timestamp(&self) -> String {
        self.text("timestamp").unwrap_or_else(|| self.id.clone())
    }
}

/// What the handlers take.
impl<S> FromMessage<S> for Event {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        let message = incoming.message();
        let id = Self::id_of(message.headers(), message.info());
        Ok(Self::new(message.subject(), id, message.payload()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_may_be_texts_or_numbers() {
        let id = |payload: &[u8]| Event::new("match.accepted", "a-1", payload).match_id();
        assert_eq!(id(br#"{"match_id":"m-1"}"#), "m-1");
        assert_eq!(id(br#"{"match_id":17}"#), "17");
    }

    #[test]
    fn an_event_without_fields_is_told_apart_by_its_id() {
        for payload in [b"{}".as_slice(), b"[1]", b"\"text\"", b"\xff", b""] {
            let event = Event::new("match.accepted", "a-1", payload);
            assert_eq!(event.match_id(), "a-1");
            assert_eq!(event.timestamp(), "a-1");
            assert_eq!(event.number("seq"), None);
        }
    }
}
