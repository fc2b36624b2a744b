use async_trait::async_trait;
use pubsub_core::{Message, Result, Settlement, SettlementKind};

use super::Tamper;

/// The likely cause: the delay is not passed on.
#[derive(Debug)]
pub(super) struct IgnoresNakDelay;

#[async_trait]
impl Tamper for IgnoresNakDelay {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let delayed = matches!(settlement.kind(), SettlementKind::Nak { delay: Some(_) });
        message.settle(if delayed { Settlement::nak() } else { settlement }).await
    }
}
