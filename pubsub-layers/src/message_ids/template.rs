//! Ids made of parts: [`Template`].

use pubsub_core::{Error, MessageId, OutboundMessage, Result};
use serde_json::Value;

use super::missing;

#[derive(Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Subject,
    Token(usize),
    Header(String),
    Json(Vec<String>),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((part, after)) = after.split_once('}') else {
                return Err(refused(text, "a brace is not closed"));
            };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(
                Piece::parse(part)
                    .ok_or_else(|| refused(text, &format!("`{part}` is no part of a message")))?,
            );
            rest = after;
        }
        if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
            return Err(refused(text, "all messages would have one id"));
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    pub(super) fn fill(&self, message: &OutboundMessage) -> Result<MessageId> {
        let mut id = String::new();
        let mut json = None;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => id.push_str(text),
                Piece::Subject => id.push_str(message.subject.as_str()),
                Piece::Token(at) => {
                    let token = message.subject.tokens().nth(*at);
                    id.push_str(token.ok_or_else(|| missing(&format!("token:{at}")))?);
                }
                Piece::Header(name) => {
                    let value = message.headers.get(name).filter(|value| !value.is_empty());
                    id.push_str(value.ok_or_else(|| missing(&format!("header:{name}")))?);
                }
                Piece::Json(path) => {
                    let json = json.get_or_insert_with(|| {
                        serde_json::from_slice::<Value>(&message.payload).unwrap_or(Value::Null)
                    });
                    let value = look_up(json, path);
                    id.push_str(&value.ok_or_else(|| missing(&format!("json:{}", path.join("."))))?);
                }
            }
        }
        MessageId::new(id)
    }
}

impl Piece {
    fn parse(part: &str) -> Option<Self> {
        match part.split_once(':') {
            None if part == "subject" => Some(Self::Subject),
            None => (!part.is_empty()).then(|| Self::Header(part.to_owned())),
            Some(("token", at)) => at.parse().ok().map(Self::Token),
            Some(("header", name)) if !name.is_empty() => Some(Self::Header(name.to_owned())),
            Some(("json", path)) if path.split('.').all(|key| !key.is_empty()) => {
                Some(Self::Json(path.split('.').map(str::to_owned).collect()))
            }
            Some(_) => None,
        }
    }
}

/// A scalar as text; nothing else can be part of an id.
fn look_up(json: &Value, path: &[String]) -> Option<String> {
    let mut value = json;
    for key in path {
        value = match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
            value => value.get(key)?,
        };
    }
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn refused(template: &str, fault: &str) -> Error {
    Error::config("message_id", format!("the template `{template}` cannot be used: {fault}"))
        .with_remedy("write parts such as {subject}, {token:1}, {header:event-type} or {json:ride.id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> OutboundMessage {
        let json = r#"{"ride":{"id":"r-17","stops":[4,5]},"at":1.5,"done":true,"none":null}"#;
        OutboundMessage::new("ride.pickup", json).unwrap().with_header("event-type", "pickup").unwrap()
    }

    fn filled(template: &str) -> Result<String> {
        Template::parse(template)?.fill(&message()).map(|id| id.to_string())
    }

    #[test]
    fn every_part_is_found() {
        let template =
            "{event-type}-{json:ride.id}-{json:at}-{json:done}-{json:ride.stops.1}/{token:0}.{subject}!";
        assert_eq!(filled(template).unwrap(), "pickup-r-17-1.5-true-5/ride.ride.pickup!");
    }

    #[test]
    fn what_is_missing_is_named() {
        for part in ["token:2", "header:none", "json:none", "json:ride", "json:ride.stops.9"] {
            let error = filled(&format!("a-{{{part}}}")).unwrap_err();
            assert!(error.message().contains(&format!("`{part}`")), "{error}");
        }
    }

    #[test]
    fn a_template_that_cannot_be_used_is_refused() {
        for template in
            ["", "same", "{subject", "{}", "{token:x}", "{json:}", "{json:a..b}", "{header:}", "{time:1}"]
        {
            assert!(Template::parse(template).is_err(), "{template}");
        }
    }
}
