//! From JetStream's error codes to kinds: the one table.

use pubsub_core::{Error, ErrorKind};
use serde::Deserialize;

/// An error as JetStream's interface writes it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ApiError {
    /// Modelled on HTTP.
    #[serde(default)]
    code: u16,
    /// What exactly went wrong.
    #[serde(default)]
    err_code: u16,
    #[serde(default)]
    description: String,
}

pub(crate) const MESSAGE_NOT_FOUND: u16 = 10037;
pub(crate) const SEQUENCE_NOT_FOUND: u16 = 10043;
pub(crate) const CONSUMER_NOT_FOUND: u16 = 10014;
pub(crate) const DELETE_FAILED: u16 = 10057;
pub(crate) const STREAM_NOT_FOUND: u16 = 10059;
pub(crate) const STREAM_EXISTS: u16 = 10058;
pub(crate) const CONSUMER_EXISTS: u16 = 10148;
pub(crate) const CONSUMER_EXISTS_OTHERWISE: u16 = 10013;
pub(crate) const CONSUMER_DOES_NOT_EXIST: u16 = 10149;

impl ApiError {
    pub(crate) const fn broker_code(&self) -> u16 {
        self.err_code
    }

    pub(crate) fn into_error(self) -> Error {
        let (kind, remedy) = classify(self.err_code).unwrap_or_else(|| (by_http_code(self.code), None));
        let message = if self.description.is_empty() {
            "JetStream refused, and said no more".to_owned()
        } else {
            self.description
        };
        let code = if self.err_code == 0 { self.code } else { self.err_code };
        let error = Error::new(kind, message).with_broker_code(code);
        match remedy {
            Some(remedy) => error.with_remedy(remedy),
            None => error,
        }
    }
}

/// Kind and remedy by JetStream's error code (nats-server `server/errors.json`).
const fn classify(code: u16) -> Option<(ErrorKind, Option<&'static str>)> {
    use ErrorKind::{
        AlreadyExists, Config, Conflict, InvalidInput, NotFound, PayloadTooLarge, Unavailable, Unsupported,
    };
    Some(match code {
        CONSUMER_NOT_FOUND | CONSUMER_DOES_NOT_EXIST => {
            (NotFound, Some("create the consumer first, or check its name"))
        }
        STREAM_NOT_FOUND => (NotFound, Some("create the stream first, or check its name")),
        MESSAGE_NOT_FOUND | SEQUENCE_NOT_FOUND => (NotFound, None),
        STREAM_EXISTS | CONSUMER_EXISTS | CONSUMER_EXISTS_OTHERWISE => {
            (AlreadyExists, Some("ask for what exists, or use another name"))
        }
        // Overlapping subjects; the rules of work queues; limits on the number of things; expectations.
        10065 => (Conflict, Some("name subjects that no other stream has")),
        10099 | 10100 => (Conflict, Some("give the consumers of a work queue filters that do not overlap")),
        10101 => (Conflict, Some("consumers of a work queue start with all messages")),
        10026 | 10027 => (Conflict, Some("delete what is not used, or raise the limit")),
        10060 | 10070 | 10071 | 10164 => (Conflict, None),
        10077 => (Conflict, Some("wait until consumers have made room, or raise the stream's limits")),
        10054 => (PayloadTooLarge, Some("raise the stream's `max_message_size`, or publish less at once")),
        10097 => (InvalidInput, Some("move large values into the payload")),
        10003 | 10012 | 10052 | 10084 | 10094 | 10098 | 10107 | 10116 | 10136 | 10138 | 10139 | 10183 => {
            (Config, None)
        }
        10074 => (Config, Some("more than one replica needs a cluster")),
        // A field or feature that this server does not know, or that is switched off.
        10025 | 10185 | 10165 | 10166 | 10174 | 10188 | 10205 => (Unsupported, None),
        10039 | 10076 => (Unavailable, Some("enable JetStream on the server, and for this account")),
        // No leader, no peers, no resources, not ready.
        10004 | 10005 | 10008 | 10009 | 10010 | 10023 | 10028 | 10047 | 10118 => (Unavailable, None),
        _ => return None,
    })
}

/// What is not in the table: the server's own coarse classes.
const fn by_http_code(code: u16) -> ErrorKind {
    match code {
        400 => ErrorKind::Config,
        401 | 403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        409 => ErrorKind::Conflict,
        503 => ErrorKind::Unavailable,
        _ => ErrorKind::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> Error {
        serde_json::from_str::<ApiError>(json).unwrap().into_error()
    }

    #[test]
    fn the_code_decides_not_the_text() {
        let error = error(r#"{"code":404,"err_code":10059,"description":"consumer not found"}"#);
        assert_eq!((error.kind(), error.broker_code()), (ErrorKind::NotFound, Some(10059)));
    }

    #[test]
    fn an_unknown_code_is_classed_by_the_coarse_one() {
        assert_eq!(error(r#"{"code":503,"err_code":19999}"#).kind(), ErrorKind::Unavailable);
        assert_eq!(error(r#"{"code":418,"err_code":19999}"#).kind(), ErrorKind::Unexpected);
        assert_eq!(error("{}").kind(), ErrorKind::Unexpected);
    }
}
