//! JetStream's own interface: JSON requests on subjects below `$JS.API`.
//!
//! Called directly, not through async-nats' `Context`: that one leaves an entry behind for every answer that is lost,
//! and its requests take their timeout from elsewhere. Here every call has its own deadline and one error table.

mod error;
pub(crate) mod wire;

use async_nats::StatusCode;
use pubsub_core::{ConsumerName, Error, ErrorKind, Result, StreamName};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use error::{
    ApiError, BATCH_TOO_LARGE, BATCH_UNKNOWN, CONSUMER_DOES_NOT_EXIST, CONSUMER_EXISTS,
    CONSUMER_EXISTS_OTHERWISE, CONSUMER_NOT_FOUND, DELETE_FAILED, INVALID_RESET, LAST_ID_DIFFERS,
    LAST_SEQUENCE_DIFFERS, MESSAGE_NOT_FOUND, SEQUENCE_NOT_FOUND, STREAM_EXISTS, is_without_jetstream,
};

use crate::connection::Connection;

/// Why a call failed, with the code by which a caller may go another way.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Option<u16>,
    pub(crate) error: Error,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { code: None, error }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// Whether a call changes something, so that a lost answer leaves it open whether it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Reads,
    Changes,
}

/// Calls a subject of the interface (`$JS.API.<subject>`, or below the configured prefix) with a JSON body (none for `()`) and reads a JSON answer.
pub(crate) async fn call<T: DeserializeOwned>(
    connection: &Connection,
    effect: Effect,
    subject: &str,
    body: &(impl Serialize + Sync),
) -> Result<T, Failure> {
    let mut body = serde_json::to_vec(body).map_err(|error| {
        Error::new(ErrorKind::Config, "the request cannot be written as JSON").with_source(error)
    })?;
    if body == b"null" {
        // A request without a body: nats-server refuses a null there.
        body.clear();
    }
    let asked = connection.request(connection.interface(subject), body.into()).await;
    let answer = asked.map_err(|error| match effect {
        Effect::Changes => error,
        Effect::Reads => without_unknown_effect(error),
    })?;
    if let Some(status) = answer.status {
        return Err(no_interface(status).into());
    }
    let Answer { error } = read(&answer.payload)?;
    if let Some(error) = error {
        return Err(Failure { code: Some(error.broker_code()), error: error.into_error() });
    }
    Ok(read(&answer.payload)?)
}

/// How JetStream does, for this account. Changes nothing; also a true round trip through the server.
pub(crate) async fn account_info(connection: &Connection) -> Result<wire::AccountInfo> {
    Ok(call(connection, Effect::Reads, "INFO", &()).await?)
}

/// A consumer's state.
pub(crate) async fn consumer_info(
    connection: &Connection,
    stream: &StreamName,
    consumer: &ConsumerName,
) -> Result<wire::ConsumerInfo, Failure> {
    let subject = format!("CONSUMER.INFO.{stream}.{consumer}");
    call(connection, Effect::Reads, &subject, &()).await
}

#[derive(Deserialize)]
struct Answer {
    error: Option<ApiError>,
}

fn read<T: DeserializeOwned>(payload: &[u8]) -> Result<T> {
    serde_json::from_slice(payload).map_err(|error| {
        Error::new(ErrorKind::Unexpected, "JetStream's answer cannot be read").with_source(error)
    })
}

/// Nobody answers on the interface's subjects.
fn no_interface(status: StatusCode) -> Error {
    Error::new(ErrorKind::Unavailable, "the server has no JetStream for this account, or has it not yet")
        .with_broker_code(status.as_u16())
        .with_remedy("start nats-server with `-js`, and enable JetStream for this account")
}

/// A read that failed has no effect that could be unknown.
pub(crate) fn without_unknown_effect(error: Error) -> Error {
    if !error.is_effect_unknown() {
        return error;
    }
    let plain = Error::new(error.kind(), error.message().to_owned());
    match error.remedy().map(str::to_owned) {
        Some(remedy) => plain.with_remedy(remedy),
        None => plain,
    }
}
