//! Messages as they are shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pubsub::config::timestamp;
use pubsub::{Headers, StoredMessage, StreamName};
use serde::Serialize;

use super::{FAINT, STRONG, pretty, visible, words};

/// A stored message, for machines.
#[derive(Serialize)]
pub(crate) struct ShownMessage<'a> {
    stream: &'a StreamName,
    sequence: u64,
    subject: &'a str,
    #[serde(with = "timestamp")]
    published_at: SystemTime,
    #[serde(flatten)]
    content: Content<'a>,
}

/// Headers and payload, for machines. A payload that is no text is in base64, under another name.
#[derive(Serialize)]
pub(crate) struct Content<'a> {
    headers: BTreeMap<&'a str, Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

impl<'a> ShownMessage<'a> {
    pub(crate) fn new(stream: &'a StreamName, message: &'a StoredMessage) -> Self {
        Self {
            stream,
            sequence: message.sequence,
            subject: &message.subject,
            published_at: message.published_at,
            content: Content::new(&message.headers, &message.payload),
        }
    }
}

impl<'a> Content<'a> {
    pub(crate) fn new(headers: &'a Headers, payload: &'a [u8]) -> Self {
        let text = std::str::from_utf8(payload).ok();
        let payload_base64 = text.is_none().then(|| STANDARD.encode(payload));
        Self { headers: by_name(headers), payload: text, payload_base64 }
    }
}

/// In the order of their names: a client of NATS receives them in any order. Those of one name keep theirs.
fn by_name(headers: &Headers) -> BTreeMap<&str, Vec<&str>> {
    let mut by_name = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in headers {
        by_name.entry(name.as_str()).or_default().push(value.as_str());
    }
    by_name
}

/// A stored message, for people.
pub(crate) fn stored(message: &StoredMessage) -> String {
    let mut text = format!(
        "{STRONG}{}{STRONG:#} {FAINT}#{} {}{FAINT:#}\n",
        visible::line(&message.subject),
        message.sequence,
        words::exact_time(message.published_at)
    );
    text.push_str(&content(&message.headers, &message.payload));
    text
}

/// Headers and payload, for people: JSON in several lines, text as it is, and of anything else its length.
pub(crate) fn content(headers: &Headers, payload: &[u8]) -> String {
    let mut text = String::new();
    for (name, values) in by_name(headers) {
        for value in values {
            let (name, value) = (visible::line(name), visible::line(value));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{FAINT}{name}: {value}{FAINT:#}");
        }
    }
    match std::str::from_utf8(payload) {
        Ok("") => {}
        Ok(payload) => {
            let pretty = pretty::json(payload);
            let _ = writeln!(text, "{}", visible::lines(pretty.as_deref().unwrap_or(payload).trim_end()));
        }
        Err(_) => {
            let _ = writeln!(text, "({}, no text)", words::bytes(payload.len() as u64));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers {
        let mut headers = Headers::new();
        for (name, value) in [("tenant", "a"), ("kind", "x"), ("tenant", "b")] {
            headers.append(name, value).unwrap();
        }
        headers
    }

    #[test]
    fn machines_get_every_value_of_a_header_and_the_payload_as_it_is() {
        let json = serde_json::to_value(Content::new(&headers(), b"{\"a\":1}")).unwrap();
        let expected =
            serde_json::json!({"headers": {"kind": ["x"], "tenant": ["a", "b"]}, "payload": "{\"a\":1}"});
        assert_eq!(json, expected);
    }

    #[test]
    fn people_see_headers_in_the_order_of_their_names() {
        let text = anstream::adapter::strip_str(&content(&headers(), b"")).to_string();
        assert_eq!(text, "kind: x\ntenant: a\ntenant: b\n");
    }

    #[test]
    fn what_is_no_text_is_in_base64_and_people_see_its_length() {
        let json = serde_json::to_value(Content::new(&Headers::new(), &[0xff, 0])).unwrap();
        assert_eq!(json, serde_json::json!({"headers": {}, "payload_base64": "/wA="}));
        assert_eq!(content(&Headers::new(), &[0xff, 0]), "(2 B, no text)\n");
    }

    #[test]
    fn people_see_json_in_lines_and_no_escape_sequences() {
        let text = content(&Headers::new(), b"{\"a\":\"\xc2\x9b31m\"}");
        assert_eq!(text, "{\n  \"a\": \"\\u{9b}31m\"\n}\n");
        assert_eq!(content(&Headers::new(), b"\x1b[2Jr-17\n"), "\\u{1b}[2Jr-17\n");
        assert_eq!(content(&Headers::new(), b""), "");
    }
}
