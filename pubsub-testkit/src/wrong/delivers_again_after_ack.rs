use async_trait::async_trait;
use pubsub_core::{Message, Result, Settlement, SettlementKind};

use super::Tamper;

/// The likely cause: a lease that is not removed when the ack comes.
#[derive(Debug)]
pub(super) struct DeliversAgainAfterAck;

#[async_trait]
impl Tamper for DeliversAgainAfterAck {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let acked = matches!(settlement.kind(), SettlementKind::Ack);
        if acked && !message.info().is_redelivery() {
            return message.settle(Settlement::nak()).await;
        }
        message.settle(settlement).await
    }
}
