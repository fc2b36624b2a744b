//! Whether an earlier try was stored, where the stream is not as expected: [`compare`].
//!
//! A publish with expectations that was stored and whose confirmation was lost meets its own message when it is tried again:
//! from nats-server 2.12 on the expectations are looked at before the id (10071; 2.11 says *duplicate*).

use std::sync::Arc;

use pubsub_core::{
    Error, MessageSelector, OutboundMessage, Receipt, Result, StoredMessage, StreamName, SubjectFilter,
};

use crate::admin::NatsAdmin;
use crate::api;
use crate::connection::Connection;

/// What a comparison finds.
pub(super) enum Compared {
    /// An earlier try was stored.
    Stored(Receipt),
    /// Something else is there.
    Refused,
    /// It cannot be told.
    Unknown,
}

/// Reads the message that contradicts the expectations: the first one after the expected sequence is this one if it was
/// stored, since it was stored when the expectation held.
pub(super) async fn compare(
    connection: &Arc<Connection>,
    stream: &StreamName,
    message: &OutboundMessage,
    error: &Error,
) -> Compared {
    match read(connection, stream, message, error).await {
        Ok(Some(stored)) => {
            let id = stored.headers.get("Nats-Msg-Id");
            if id.is_some() && id == message.id.as_ref().map(AsRef::as_ref) {
                Compared::Stored(Receipt::new(stream.clone(), stored.sequence, true))
            } else {
                Compared::Refused
            }
        }
        // It may have been stored, and then deleted.
        Ok(None) | Err(_) => Compared::Unknown,
    }
}

async fn read(
    connection: &Arc<Connection>,
    stream: &StreamName,
    message: &OutboundMessage,
    error: &Error,
) -> Result<Option<StoredMessage>> {
    let admin = NatsAdmin::new(Arc::clone(connection));
    let Some(expected) = message.expectations() else { return Ok(None) };
    let selector = match (expected.last_sequence, expected.last_subject_sequence) {
        _ if error.broker_code() == Some(api::LAST_ID_DIFFERS) => {
            MessageSelector::Sequence(admin.read_stream(stream).await?.last_sequence)
        }
        (Some(sequence), _) => MessageSelector::Sequence(sequence.saturating_add(1)),
        (None, Some(sequence)) => MessageSelector::Next {
            from: sequence.saturating_add(1),
            filter: match &expected.last_subject_filter {
                Some(filter) => filter.clone(),
                None => SubjectFilter::new(message.subject.as_str())?,
            },
        },
        (None, None) => return Ok(None),
    };
    match admin.read_message(stream, &selector).await {
        Ok(stored) => Ok(Some(stored)),
        Err(missing) if missing.broker_code() == Some(api::MESSAGE_NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}
