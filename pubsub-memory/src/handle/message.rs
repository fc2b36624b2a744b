//! A delivery, before users hold it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{Delivery, DeliveryInfo, Headers, Message, OnDrop, Result, SequencePair, Settlement};

use super::link::Link;
use crate::consumer::Taken;

/// One attempt to hand a message over. Shares the stored message.
pub(super) struct MemoryMessage {
    taken: Taken,
    /// Made when somebody looks at it: most handlers do not, and the message is smaller without.
    info: OnceLock<Box<DeliveryInfo>>,
    link: Arc<Link>,
    on_drop: OnDrop,
}

impl MemoryMessage {
    pub(super) fn deliver(taken: Taken, link: &Arc<Link>, on_drop: OnDrop) -> Delivery {
        Delivery::new(Box::new(Self { taken, info: OnceLock::new(), link: Arc::clone(link), on_drop }))
    }

    /// What names the delivery in a settlement, and which attempt it was.
    pub(super) fn which(&self) -> (SequencePair, u64) {
        let Taken { sequence, number, attempt, .. } = self.taken;
        (SequencePair::new(number, sequence), attempt)
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    fn give_back(&self, delay: Duration) {
        self.link.give_back(self.taken.sequence, self.taken.attempt, delay);
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for MemoryMessage {
    fn subject(&self) -> &str {
        self.taken.message.subject.as_str()
    }

    fn payload(&self) -> &Bytes {
        &self.taken.message.payload
    }

    fn headers(&self) -> &Headers {
        self.taken.message.headers()
    }

    fn info(&self) -> &DeliveryInfo {
        self.info.get_or_init(|| {
            let (taken, link) = (&self.taken, &self.link);
            Box::new(DeliveryInfo::new(
                link.stream_name.clone(),
                link.consumer.clone(),
                taken.sequence,
                taken.number,
                taken.attempt,
                taken.pending,
                link.clock.wall(taken.message.at),
            ))
        })
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        self.link.settle(self.which(), &settlement)
    }

    /// Nothing here ever waits.
    fn settle_now(&self, settlement: &Settlement) -> Option<Result<()>> {
        Some(self.link.settle(self.which(), settlement))
    }

    async fn extend(&self) -> Result<()> {
        self.link.extend(self.taken.sequence)
    }

    fn abandon(self: Box<Self>) {
        if let OnDrop::NakAfter(delay) = self.on_drop {
            self.give_back(delay);
        }
    }

    fn hand_back(self: Box<Self>) {
        self.give_back(Duration::ZERO);
    }
}

impl std::fmt::Debug for MemoryMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryMessage")
            .field("subject", &self.taken.message.subject)
            .field("payload_bytes", &self.taken.message.payload.len())
            .field("info", self.info())
            .finish_non_exhaustive()
    }
}
