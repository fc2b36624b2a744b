use async_trait::async_trait;
use pubsub_core::{Capability, Error, Message, Result, Settlement, SettlementKind};

use super::Tamper;

/// The likely cause: capabilities that are declared in full, and not looked at again.
#[derive(Debug)]
pub(super) struct Overstates;

#[async_trait]
impl Tamper for Overstates {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        if matches!(settlement.kind(), SettlementKind::Term { .. }) {
            return Err(Error::unsupported(Capability::Term.name()));
        }
        message.settle(settlement).await
    }
}
