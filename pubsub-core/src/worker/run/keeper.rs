//! Stores the copies of messages that are given up: [`Keeper`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::admin::{Retention, StreamAdmin};
use crate::name::StreamName;
use crate::publish::{PublishOptions, Publisher};
use crate::{Error, ErrorKind, OutboundMessage, Result};

/// Stores copies, however long it takes: until then the original is held, extended and not settled.
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    publisher: Arc<dyn Publisher>,
    admin: Arc<dyn StreamAdmin>,
    /// The stream of the originals.
    origin: StreamName,
    /// What keeps each of those from being stored that are not; ids are the engine's.
    troubles: Arc<Mutex<BTreeMap<u64, String>>>,
}

impl Keeper {
    /// The longest wait between two tries.
    const LONGEST_PAUSE: Duration = Duration::from_secs(30);

    pub(super) fn new(
        publisher: Arc<dyn Publisher>,
        admin: Arc<dyn StreamAdmin>,
        origin: StreamName,
    ) -> Self {
        Self { publisher, admin, origin, troubles: Arc::default() }
    }

    /// Tries until one of the copies is stored, the first one that is not too large. Their common id makes that once.
    ///
    /// # Errors
    /// What is wrong with the message itself.
    pub(super) async fn keep(&self, id: u64, copies: Result<Vec<OutboundMessage>>) -> Result<()> {
        let copies = copies?;
        let (mut at, mut pause) = (0, Duration::from_millis(100));
        while let Some(copy) = copies.get(at) {
            let stored =
                async { self.publisher.publish_with(copy.clone(), PublishOptions::default()).await?.await };
            let Err(error) = stored.await else { break };
            if self.takes_smaller(&error, copy, copies.get(at + 1)).await {
                tracing::warn!(%error, "a dead letter is too large; what it says of its message is kept");
                at += 1;
                continue;
            }
            tracing::error!(%error, ?pause, "a dead letter could not be stored; it is tried again");
            self.troubles().insert(id, error.to_string());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Self::LONGEST_PAUSE);
        }
        self.troubles().remove(&id);
        Ok(())
    }

    /// Whether a copy that is refused makes way for a smaller one. The payload is left out only if it was too large and stays
    /// where it is.
    async fn takes_smaller(
        &self,
        error: &Error,
        copy: &OutboundMessage,
        smaller: Option<&OutboundMessage>,
    ) -> bool {
        let Some(smaller) = smaller else { return false };
        let has_payload = smaller.payload.len() == copy.payload.len();
        match error.kind() {
            ErrorKind::PayloadTooLarge => has_payload || self.originals_stay().await,
            ErrorKind::InvalidInput => has_payload,
            _ => false,
        }
    }

    /// What keeps it from storing at present.
    pub(super) fn trouble(&self) -> Option<String> {
        let troubles = self.troubles();
        let (_, error) = troubles.last_key_value()?;
        Some(match troubles.len() {
            1 => format!("a dead letter cannot be stored: {error}"),
            letters => format!("{letters} dead letters cannot be stored, one of them: {error}"),
        })
    }

    /// Whether a message is still in its stream when it is settled, so that a copy need not have its payload.
    async fn originals_stay(&self) -> bool {
        let info = self.admin.stream_info(&self.origin).await;
        info.is_ok_and(|info| info.config.retention == Retention::Limits)
    }

    fn troubles(&self) -> MutexGuard<'_, BTreeMap<u64, String>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
