//! A message that died without a worker, as if it were delivered: [`Swept`].

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::Origin;
use crate::headers::Headers;
use crate::message::{Delivery, DeliveryInfo, Message, Settlement, SettlementKind};
use crate::{Result, StoredMessage};

/// The message as it is stored. To settle it is to settle what the broker told of it: nothing else brings it back.
#[derive(Debug)]
pub(super) struct Swept {
    stored: StoredMessage,
    info: DeliveryInfo,
    advisory: Delivery,
    origin: Arc<Origin>,
}

impl Swept {
    pub(super) fn new(
        stored: StoredMessage,
        info: DeliveryInfo,
        advisory: Delivery,
        origin: &Arc<Origin>,
    ) -> Self {
        Self { stored, info, advisory, origin: Arc::clone(origin) }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for Swept {
    fn subject(&self) -> &str {
        &self.stored.subject
    }

    fn payload(&self) -> &Bytes {
        &self.stored.payload
    }

    fn headers(&self) -> &Headers {
        &self.stored.headers
    }

    fn info(&self) -> &DeliveryInfo {
        &self.info
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        let Self { advisory, origin, info, .. } = *self;
        let settlement = match settlement.kind() {
            SettlementKind::Ack | SettlementKind::Term { .. } => {
                if let Err(error) = origin.remove(info.stream_sequence).await {
                    advisory.hand_back();
                    return Err(error);
                }
                let ack = Settlement::ack();
                if settlement.is_confirmed() { ack.confirmed() } else { ack }
            }
            SettlementKind::Nak { .. } => settlement,
        };
        advisory.settle(settlement).await
    }

    fn settle_now(&self, _: &Settlement) -> Option<Result<()>> {
        None
    }

    async fn extend(&self) -> Result<()> {
        self.advisory.extend().await
    }

    fn abandon(self: Box<Self>) {
        self.advisory.into_message().abandon();
    }

    fn hand_back(self: Box<Self>) {
        self.advisory.hand_back();
    }
}
