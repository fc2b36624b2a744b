//! From the server's answer to a receipt: [`InFlight`].

use std::fmt;

use async_nats::Message;
use pubsub_core::{Error, ErrorKind, Receipt, ReceiptSender, Result, Retry, StreamName, Subject};
use serde::Deserialize;

use super::window::Reservation;
use crate::api::ApiError;
use crate::connection::{Unanswered, Waiter};

/// The status by which a server says that nobody listens.
const NO_RESPONDERS: u16 = 503;

/// A publish that waits for its confirmation. It holds its room in the window for as long as it lives.
pub(crate) struct InFlight {
    pub(super) subject: Subject,
    pub(super) receipt: ReceiptSender,
    pub(super) _room: Reservation,
}

impl Waiter for InFlight {
    fn subject(&self) -> &str {
        self.subject.as_str()
    }

    fn resolve(self, answer: Result<Message, Unanswered>) {
        let subject = &self.subject;
        let outcome = match answer {
            Ok(message) => receipt(&message),
            Err(why) => Err(unconfirmed(why, subject.as_str())),
        };
        self.receipt
            .send(outcome.map_err(|error| error.with_operation("publish").with_context("subject", subject)));
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("subject", &self.subject).finish_non_exhaustive()
    }
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

fn receipt(message: &Message) -> Result<Receipt> {
    if let Some(status) = message.status {
        return Err(refused(status.as_u16()));
    }
    let ack: PubAck<'_> = serde_json::from_slice(&message.payload).map_err(|_| {
        // Whoever answers that is not JetStream took the message for a request. What the parser says may quote the answer,
        // so it is not kept.
        Error::new(ErrorKind::Unexpected, "the answer to the publish is not JetStream's")
            .with_remedy("check that nothing but a stream takes this subject")
            .with_effect_unknown()
    })?;
    if let Some(error) = ack.error {
        return Err(error.into_error());
    }
    match ack.stream.map(StreamName::new) {
        Some(Ok(stream)) if ack.seq > 0 => Ok(Receipt::new(stream, ack.seq, ack.duplicate)),
        _ => Err(Error::new(ErrorKind::Unexpected, "the confirmation names no stream that is known here")
            .with_effect_unknown()),
    }
}

fn refused(status: u16) -> Error {
    if status != NO_RESPONDERS {
        return Error::new(
            ErrorKind::Unexpected,
            format!("the server answered the publish with status {status}"),
        )
        .with_broker_code(status)
        .with_effect_unknown();
    }
    // The same answer comes for a moment while a stream has no leader, so the call may be tried again.
    Error::new(ErrorKind::NotFound, "no stream takes this subject")
        .with_broker_code(NO_RESPONDERS)
        .with_retry(Retry::Later)
        .with_remedy("create a stream whose subjects cover it; right after a server's failure, try again")
}

fn unconfirmed(why: Unanswered, subject: &str) -> Error {
    match why {
        Unanswered::TimedOut => Error::new(
            ErrorKind::Timeout,
            "no confirmation came in time, so the message may be stored or not",
        )
        .with_effect_unknown()
        .with_remedy(
            "publish it again with the same message id; if it happens always, check that this user may \
                     publish there and receive `_INBOX.>`, and that the stream is not `no_ack`",
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
