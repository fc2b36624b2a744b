//! How messages say that they belong together (ADR-50).

use async_nats::header::HeaderMap;
use pubsub_core::{OutboundMessage, Result};

use super::headers::{value, wire_headers};

const ID: &str = "Nats-Batch-Id";
const SEQUENCE: &str = "Nats-Batch-Sequence";
const COMMIT: &str = "Nats-Batch-Commit";

/// The headers of one message of an atomic batch, the first of which has number 1.
pub(super) fn batch_headers(
    message: &OutboundMessage,
    batch: &str,
    number: usize,
    is_last: bool,
) -> Result<HeaderMap> {
    let mut map = wire_headers(message)?.unwrap_or_default();
    map.insert(ID, value(batch)?);
    map.insert(SEQUENCE, value(&number.to_string())?);
    if is_last {
        map.insert(COMMIT, value("1")?);
    }
    Ok(map)
}
