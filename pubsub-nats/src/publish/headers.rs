//! What is sent as headers.

use async_nats::header::{HeaderMap, HeaderName, HeaderValue, NATS_MESSAGE_ID};
use pubsub_core::{Error, Headers, OutboundMessage, Result};

/// The headers as async-nats sends them; `None` without any, so that the message goes without a header block.
pub(crate) fn wire_headers(message: &OutboundMessage) -> Result<Option<HeaderMap>> {
    if message.id.is_none() && message.is_plain() {
        return plain_headers(&message.headers);
    }
    let mut map = plain_headers(&message.headers)?.unwrap_or_default();
    if let Some(id) = &message.id {
        map.insert(NATS_MESSAGE_ID, value(id.as_str())?);
    }
    for (name, text) in message.instruction_headers() {
        map.insert(name, value(&text)?);
    }
    Ok(Some(map))
}

/// Headers without an id and without instructions.
pub(crate) fn plain_headers(headers: &Headers) -> Result<Option<HeaderMap>> {
    if headers.is_empty() {
        return Ok(None);
    }
    let mut map = HeaderMap::new();
    for (name, text) in headers {
        map.append(name.as_str().parse::<HeaderName>().map_err(unsendable)?, value(text.as_str())?);
    }
    Ok(Some(map))
}

pub(super) fn value(text: &str) -> Result<HeaderValue> {
    text.parse::<HeaderValue>().map_err(unsendable)
}

/// Core's types hold nothing that async-nats refuses; should they ever disagree, nothing panics.
fn unsendable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::invalid_input("headers", "a header cannot be sent").with_source(error)
}
