//! Settlements that nobody confirms: [`tell`].

use std::time::Duration;

use async_nats::Subject;
use bytes::Bytes;
use pubsub_core::{ErrorKind, Result};
use tokio::time::Instant;

use crate::connection::{Connection, Phase};
use crate::observe::Settling;

/// How long the server's word is waited for that a settlement is allowed.
const PROOF: Duration = Duration::from_secs(2);

/// Hands a settlement over. The server says nothing to it unless it is asked, and that it is forbidden it says in answer to
/// nothing; so the first one of a consumer over a connection asks, and so does each one after a refusal until one has passed. Where
/// no answer comes, the next ones do not ask: they would all wait in vain.
pub(super) async fn tell(
    connection: &Connection,
    settling: &Settling,
    reply: &Subject,
    payload: Bytes,
) -> Result<()> {
    let timeout = connection.config.request_timeout;
    // The next connection may allow other things.
    connection.ready_by(Instant::now() + timeout, timeout, Phase::Closed).await?;
    let epoch = connection.settling_epoch();
    // Who may not be answered cannot ask.
    if settling.has_asked(epoch) || !connection.can_be_answered() {
        return connection.tell(reply.clone(), payload).await;
    }
    let limit = PROOF.min(timeout);
    let asked = connection.request_within(limit, reply.clone(), None, payload).await;
    // Any answer will do, also that the consumer is gone: nobody was promised more.
    match settling.note(epoch, asked.map(drop)) {
        // It was handed over.
        Err(error) if error.is_effect_unknown() && is_silence(error.kind()) => {
            settling.note_silence(epoch);
            Ok(())
        }
        told => told,
    }
}

const fn is_silence(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Closed)
}
