//! From the server's answer to a receipt.

use std::cell::RefCell;

use async_nats::Message;
use pubsub_core::{Error, ErrorKind, Receipt, Result, Retry, StreamName};
use serde::Deserialize;

use crate::api::ApiError;
use crate::connection::Unanswered;

/// The status by which a server says that nobody listens.
const NO_RESPONDERS: u16 = 503;

/// What came back.
pub(super) enum Answer {
    Stored(Receipt),
    /// No stream takes the subject, or it has no leader now.
    NobodyThere,
    /// By this stream, if it is told.
    Refused {
        stream: Option<StreamName>,
        error: Error,
    },
    /// Nothing that JetStream says: nobody knows whether the message is stored.
    Foreign(Error),
}

/// JetStream's confirmation, as JSON.
#[derive(Deserialize)]
struct PubAck<'a> {
    error: Option<ApiError>,
    #[serde(borrow)]
    stream: Option<&'a str>,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
}

pub(super) fn receipt(message: &Message) -> Result<Receipt> {
    match read(message) {
        Answer::Stored(receipt) => Ok(receipt),
        Answer::NobodyThere => Err(nobody_there()),
        Answer::Refused { error, .. } | Answer::Foreign(error) => Err(error),
    }
}

pub(super) fn read(message: &Message) -> Answer {
    if let Some(status) = message.status {
        return match status.as_u16() {
            NO_RESPONDERS => Answer::NobodyThere,
            other => Answer::Foreign(
                Error::new(
                    ErrorKind::Unexpected,
                    format!("the server answered the publish with status {other}"),
                )
                .with_broker_code(other)
                .with_effect_unknown(),
            ),
        };
    }
    let Ok(ack) = serde_json::from_slice::<PubAck<'_>>(&message.payload) else {
        // Whoever answers that is not JetStream took the message for a request. What the parser says may quote the answer,
        // so it is not kept.
        return Answer::Foreign(
            Error::new(ErrorKind::Unexpected, "the answer to the publish is not JetStream's")
                .with_remedy("check that nothing but a stream takes this subject")
                .with_effect_unknown(),
        );
    };
    let stream = ack.stream.and_then(known);
    match (ack.error, stream) {
        (Some(error), stream) => Answer::Refused { stream, error: error.into_error() },
        (None, Some(stream)) if ack.seq > 0 => Answer::Stored(Receipt::new(stream, ack.seq, ack.duplicate)),
        (None, _) => Answer::Foreign(
            Error::new(ErrorKind::Unexpected, "the confirmation names no stream that is known here")
                .with_effect_unknown(),
        ),
    }
}

thread_local! {
    /// The stream of the last confirmation: the next one is mostly of the same, and then its name is not made anew.
    static LAST: RefCell<Option<StreamName>> = const { RefCell::new(None) };
}

fn known(stream: &str) -> Option<StreamName> {
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|last| last.as_str() != stream) {
            *last = Some(StreamName::new(stream).ok()?);
        }
        last.clone()
    })
}

pub(super) fn nobody_there() -> Error {
    // The same answer comes for a moment while a stream has no leader, so the call may be tried again.
    Error::new(ErrorKind::NotFound, "no stream takes this subject")
        .with_broker_code(NO_RESPONDERS)
        .with_retry(Retry::Later)
        .with_remedy("create a stream whose subjects cover it; right after a server's failure, try again")
}

pub(super) fn unconfirmed(why: Unanswered, subject: &str) -> Error {
    match why {
        Unanswered::TimedOut => Error::new(
            ErrorKind::Timeout,
            "no confirmation came in time, so the message may be stored or not",
        )
        .with_effect_unknown()
        .with_remedy(
            "publish it again with the same message id; if it happens always, check that this user may publish there \
             and receive `_INBOX.>`, and that the stream is not `no_ack`",
        ),
        why => why.into_error(subject),
    }
}

#[cfg(test)]
mod tests {
    use async_nats::StatusCode;

    use super::*;

    fn answer(payload: &'static str, status: Option<u16>) -> Result<Receipt> {
        receipt(&Message {
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
    fn a_confirmation_gives_stream_sequence_and_duplicate() {
        let stored = answer(r#"{"stream":"RIDE","seq":7}"#, None).unwrap();
        assert_eq!(
            (stored.stream.as_str(), stored.sequence, stored.is_duplicate()),
            ("RIDE", Some(7), false)
        );
        assert!(answer(r#"{"stream":"RIDE","seq":7,"duplicate":true}"#, None).unwrap().is_duplicate());
    }

    #[test]
    fn a_refusal_keeps_its_code() {
        let json = r#"{"error":{"code":400,"err_code":10077,"description":"full"},"stream":"S","seq":0}"#;
        let error = answer(json, None).unwrap_err();
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::Conflict, Some(10077)));
        assert!(!error.is_effect_unknown());
    }

    #[test]
    fn nobody_listening_is_not_found() {
        let error = answer("", Some(503)).unwrap_err();
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(503)));
        assert!(!error.is_effect_unknown() && error.remedy().is_some());
    }

    #[test]
    fn hostile_answers_are_errors_of_unknown_effect() {
        for payload in
            ["", "{}", "[]", "null", "\u{0}", r#"{"stream":"","seq":1}"#, r#"{"stream":"S","seq":0}"#, "{{"]
        {
            let error = answer(payload, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unexpected, "{payload}");
            assert!(error.is_effect_unknown());
        }
    }
}
