//! Flaws in what is known of earlier messages.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{
    Message, MessageId, OutboundMessage, PendingReceipt, PublishOptions, Publisher, Receipt, Result,
    Settlement, StreamAdmin, StreamConfig, StreamInfo,
};
use tokio::time::Instant;

use super::Tamper;

/// The likely cause: a cache whose entries live on when they are used.
#[derive(Debug, Default)]
pub(super) struct ProlongsTheWindow {
    window: Mutex<Option<Duration>>,
    seen: Arc<Mutex<HashMap<MessageId, (Instant, Receipt)>>>,
}

impl ProlongsTheWindow {
    fn known(&self, id: &MessageId) -> Option<Receipt> {
        let window = (*self.window.lock().unwrap_or_else(PoisonError::into_inner))?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, first) = seen.get_mut(id).filter(|(last, _)| last.elapsed() < window)?;
        *last = Instant::now();
        let mut duplicate = first.clone();
        duplicate.duplicate = Some(true);
        Some(duplicate)
    }
}

#[async_trait]
impl Tamper for ProlongsTheWindow {
    async fn create_stream(&self, admin: &dyn StreamAdmin, config: StreamConfig) -> Result<StreamInfo> {
        let info = admin.create_stream(config).await?;
        let window = info.config.effective_duplicate_window();
        *self.window.lock().unwrap_or_else(PoisonError::into_inner) = Some(window);
        Ok(info)
    }

    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let Some(id) = message.id.clone() else { return inner.publish_with(message, options).await };
        if let Some(duplicate) = self.known(&id) {
            return Ok(PendingReceipt::ready(Ok(duplicate)));
        }
        let seen = Arc::clone(&self.seen);
        let pending = inner.publish_with(message, options).await?;
        Ok(PendingReceipt::from_future(async move {
            let receipt = pending.await?;
            let now = (Instant::now(), receipt.clone());
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
            Ok(receipt)
        }))
    }
}

/// The likely cause: ids that are looked for among the messages that are there.
#[derive(Debug, Default)]
pub(super) struct ForgetsWithTheAck {
    acked: Mutex<HashSet<String>>,
}

#[async_trait]
impl Tamper for ForgetsWithTheAck {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        let acked = self.acked.lock().unwrap_or_else(PoisonError::into_inner);
        message.id = message.id.take().filter(|id| !acked.contains(id.as_str()));
        message
    }

    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let id = message.headers().get("Nats-Msg-Id").map(str::to_owned);
        message.settle(settlement).await?;
        self.acked.lock().unwrap_or_else(PoisonError::into_inner).extend(id);
        Ok(())
    }
}
