//! What a server says of a batch that it confirms together (as nats-server 2.14.6 and 2.15.1 do).

use async_nats::Message;
use pubsub_core::StreamName;
use serde::Deserialize;

use crate::api::{ApiError, BATCH_UNKNOWN};

/// One thing that is said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The batch has begun, has come so far, or an end is to follow.
    GoesOn,
    /// The first so many are stored, and the rest is not.
    Ended { stream: StreamName, count: usize },
    /// The batch did not even begin.
    Refused,
    /// The server does not know the batch (any more), or it is not a server of JetStream's that speaks.
    Unknown,
}

#[derive(Deserialize)]
struct Said<'a> {
    /// Of what is said before the end: `ack`, `gap` or `err`.
    #[serde(borrow, rename = "type")]
    kind: Option<&'a str>,
    error: Option<ApiError>,
    #[serde(borrow)]
    stream: Option<&'a str>,
    count: Option<usize>,
}

pub(super) fn read(message: &Message) -> Answer {
    if message.status.is_some() {
        // No stream takes the subject, or it has no leader now.
        return Answer::Refused;
    }
    let Ok(said) = serde_json::from_slice::<Said<'_>>(&message.payload) else { return Answer::Unknown };
    match (said.kind, said.error, said.stream.and_then(|stream| StreamName::new(stream).ok()), said.count) {
        (Some(_), ..) => Answer::GoesOn,
        (None, Some(error), ..) if error.broker_code() == BATCH_UNKNOWN => Answer::Unknown,
        (None, Some(_), ..) => Answer::Refused,
        (None, None, Some(stream), Some(count)) => Answer::Ended { stream, count },
        _ => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use async_nats::StatusCode;

    use super::*;

    fn said(payload: &'static str, status: Option<u16>) -> Answer {
        read(&Message {
            subject: "_INBOX.1".into(),
            reply: None,
            payload: payload.into(),
            headers: None,
            status: status.map(|status| StatusCode::from_u16(status).unwrap()),
            description: None,
            length: 0,
        })
    }

    #[test]
    fn each_thing_is_told_from_the_others() {
        assert_eq!(said(r#"{"type":"ack","seq":0,"msgs":2}"#, None), Answer::GoesOn);
        assert_eq!(said(r#"{"type":"gap","last_seq":3,"seq":4}"#, None), Answer::GoesOn);
        let failed = r#"{"type":"err","seq":3,"error":{"code":400,"err_code":10071,"description":"wrong"}}"#;
        assert_eq!(said(failed, None), Answer::GoesOn);
        let stream = StreamName::new("S").unwrap();
        let ended = r#"{"stream":"S","seq":7,"batch":"two","count":2}"#;
        assert_eq!(said(ended, None), Answer::Ended { stream, count: 2 });
        let disabled = r#"{"error":{"code":400,"err_code":10205,"description":"no"},"stream":"T","seq":0}"#;
        assert_eq!(said(disabled, None), Answer::Refused);
        let lost = r#"{"error":{"code":400,"err_code":10208,"description":"?"},"stream":"S","seq":0}"#;
        assert_eq!(said(lost, None), Answer::Unknown);
        assert_eq!(said("", Some(503)), Answer::Refused);
        for foreign in ["", "hello", "{}", "null", r#"{"stream":"","count":1}"#] {
            assert_eq!(said(foreign, None), Answer::Unknown, "{foreign}");
        }
    }
}
