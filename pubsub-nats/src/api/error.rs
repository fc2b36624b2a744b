//! From JetStream's error codes to kinds: the one table.

use pubsub_core::{Error, ErrorKind, Retry};
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
pub(crate) const INVALID_RESET: u16 = 10204;
pub(crate) const LAST_ID_DIFFERS: u16 = 10070;
pub(crate) const LAST_SEQUENCE_DIFFERS: u16 = 10071;
pub(crate) const BATCH_TOO_LARGE: u16 = 10199;
pub(crate) const FAST_BATCH_DISABLED: u16 = 10205;
pub(crate) const BATCH_UNKNOWN: u16 = 10208;
/// Another publish with the same id has begun and not ended.
const ID_IN_PROCESS: u16 = 10158;

/// Whether this says that there is no JetStream to wait for.
pub(crate) const fn is_without_jetstream(code: u16) -> bool {
    matches!(code, 503 | 10039 | 10076)
}

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
        let error = if code == ID_IN_PROCESS { error.with_retry(Retry::Later) } else { error };
        match remedy {
            Some(remedy) => error.with_remedy(remedy),
            None => error,
        }
    }
}

/// Kind and remedy by JetStream's error code (nats-server `server/errors.json`).
const fn classify(code: u16) -> Option<(ErrorKind, Option<&'static str>)> {
    use ErrorKind::{AlreadyExists, Config, Conflict, NotFound, Unavailable, Unsupported};
    Some(match code {
        CONSUMER_NOT_FOUND | CONSUMER_DOES_NOT_EXIST => {
            (NotFound, Some("create the consumer first, or check its name"))
        }
        STREAM_NOT_FOUND => (NotFound, Some("create the stream first, or check its name")),
        MESSAGE_NOT_FOUND | SEQUENCE_NOT_FOUND => (NotFound, None),
        STREAM_EXISTS | CONSUMER_EXISTS | CONSUMER_EXISTS_OTHERWISE => {
            (AlreadyExists, Some("ask for what exists, or use another name"))
        }
        // Overlapping subjects; the rules of work queues; limits on the number of things.
        10065 => (Conflict, Some("name subjects that no other stream has")),
        10099 | 10100 => (Conflict, Some("give the consumers of a work queue filters that do not overlap")),
        10101 => (Conflict, Some("consumers of a work queue start with all messages")),
        10026 | 10027 => (Conflict, Some("delete what is not used, or raise the limit")),
        10003 | 10012 | 10052 | 10084 | 10094 | 10098 | 10107 | 10116 | 10136 | 10138 | 10139 | 10155
        | 10156 | 10183 => (Config, None),
        10074 => (Config, Some("more than one replica needs a cluster")),
        INVALID_RESET => {
            (ErrorKind::InvalidInput, Some("give a sequence that the consumer's deliver policy allows"))
        }
        10117 => (ErrorKind::Overloaded, Some("ask with a narrower filter")),
        // A field or feature that this server does not know.
        10025 | 10185 => (Unsupported, None),
        10039 | 10076 => (Unavailable, Some("enable JetStream on the server, and for this account")),
        10049 => (
            Unavailable,
            Some(
                "try again: right after a deletion of the name its files may still be there; else check the server's disk",
            ),
        ),
        // What is reserved for a stream counts, not what it holds (measured on nats-server 2.15.1).
        10028 | 10047 => (
            Conflict,
            Some("give the stream a smaller `max_bytes`, or raise the limits of the account and the server"),
        ),
        // No leader, no peers, no resources, not ready.
        10004 | 10005 | 10008 | 10009 | 10010 | 10023 | 10118 => {
            (Unavailable, Some("try again; if it stays, look at the health of the servers"))
        }
        _ => return classify_publish(code),
    })
}

/// What a publish is refused for. The memory backend says the same.
const fn classify_publish(code: u16) -> Option<(ErrorKind, Option<&'static str>)> {
    use ErrorKind::{
        Config, Conflict, InvalidInput, Overloaded, PayloadTooLarge, Unavailable, Unexpected, Unsupported,
    };
    Some(match code {
        // The stream, its last sequence or its last message id is another.
        10060 | LAST_ID_DIFFERS | LAST_SEQUENCE_DIFFERS | 10164 => {
            (Conflict, Some("read what is there now, and decide again"))
        }
        10002 => (Conflict, Some("settle or purge messages, or raise the account's limits")),
        10193 => (InvalidInput, Some("give the sequence that the newest message must have")),
        10077 => (Conflict, Some("wait until consumers have made room, or raise the stream's limits")),
        10109 => (Conflict, Some("a sealed stream takes nothing any more; publish to another")),
        ID_IN_PROCESS => (Conflict, Some("the same id is being stored by another publish; try again")),
        10054 => (PayloadTooLarge, Some("raise the stream's `max_message_size`, or publish less at once")),
        10097 => (InvalidInput, Some("move large values into the payload")),
        // What the stream's configuration does not allow.
        10111 => (Config, Some("set the stream's `allow_rollup`")),
        10166 => (Config, Some("set the stream's `allow_message_ttl`")),
        10174 => (Config, Some("set the stream's `allow_atomic_batches`")),
        10188 => (Config, Some("set the stream's `allow_schedules`")),
        FAST_BATCH_DISABLED => (Config, Some("set the stream's `allow_fast_batches`")),
        // Times to live and schedules that cannot be.
        10165 | 10191 => (InvalidInput, Some("give whole seconds, at least 1s")),
        10189 => (InvalidInput, Some("write a time, an interval of at least 1s, or six cron fields")),
        10190 | 10203 => (InvalidInput, Some("name another subject, without wildcards, of the same stream")),
        10192 | 10212 => (InvalidInput, None),
        10223 => (InvalidInput, Some("name a time zone of the IANA database, for a cron expression only")),
        // Batches.
        BATCH_TOO_LARGE => (InvalidInput, Some("publish at most 1,000 messages in one batch")),
        10177 => (Unsupported, Some("leave this instruction out of batches")),
        10201 => (Conflict, Some("a message of the batch was stored before; publish what is left")),
        10176 | BATCH_UNKNOWN => {
            (Unavailable, Some("a part of the batch was lost, so nothing of it was stored; try again"))
        }
        10167 | 10210 | 10211 => (Overloaded, Some("publish more slowly, or fewer batches at once")),
        10175 | 10179 | 10200 | 10206 | 10207 => (Unexpected, None),
        10163 => (Unavailable, None),
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

    /// The contract with the memory backend, code by code.
    #[test]
    fn each_refusal_of_a_publish_has_its_kind() {
        use ErrorKind::{
            Config, Conflict, InvalidInput, Overloaded, PayloadTooLarge, Unavailable, Unexpected, Unsupported,
        };
        for (kind, codes) in [
            (Conflict, &[10060, 10070, 10071, 10077, 10109, 10158, 10164, 10201][..]),
            (Config, &[10111, 10166, 10174, 10188, 10205]),
            (InvalidInput, &[10097, 10165, 10189, 10190, 10191, 10192, 10193, 10199, 10203, 10212, 10223]),
            (PayloadTooLarge, &[10054]),
            (Unsupported, &[10025, 10177, 10185]),
            (Overloaded, &[10167, 10210, 10211]),
            (Unavailable, &[10163, 10176, 10208]),
            (Unexpected, &[10175, 10179, 10200, 10206, 10207]),
        ] {
            for code in codes {
                let error = error(&format!(r#"{{"code":400,"err_code":{code},"description":"x"}}"#));
                assert_eq!((error.kind(), error.broker_code()), (kind, Some(*code)), "{error}");
                assert!(!error.is_effect_unknown());
            }
        }
    }

    #[test]
    fn an_unknown_code_is_classed_by_the_coarse_one() {
        assert_eq!(error(r#"{"code":503,"err_code":19999}"#).kind(), ErrorKind::Unavailable);
        assert_eq!(error(r#"{"code":418,"err_code":19999}"#).kind(), ErrorKind::Unexpected);
        assert_eq!(error("{}").kind(), ErrorKind::Unexpected);
    }
}
