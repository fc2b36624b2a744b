//! A delivery, before users hold it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{Delivery, DeliveryInfo, Headers, Message, OnDrop, Result, SequencePair, Settlement};

use super::link::Link;
use crate::consumer::Taken;
use crate::stream::Handout;

/// One attempt to hand a message over. Shares the stored message.
pub(super) struct MemoryMessage {
    message: Handout,
    info: DeliveryInfo,
    link: Arc<Link>,
    on_drop: OnDrop,
}

impl MemoryMessage {
    pub(super) fn deliver(taken: Taken, link: &Arc<Link>, on_drop: OnDrop) -> Delivery {
        let info = DeliveryInfo::new(
            link.stream_name.clone(),
            link.consumer.clone(),
            taken.sequence,
            taken.number,
            taken.attempt,
            taken.pending,
            link.clock.wall(taken.message.at),
        );
        Delivery::new(Box::new(Self { message: taken.message, info, link: Arc::clone(link), on_drop }))
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    fn give_back(&self, delay: Duration) {
        self.link.give_back(self.info.stream_sequence, self.info.attempt, delay);
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for MemoryMessage {
    fn subject(&self) -> &str {
        self.message.subject.as_str()
    }

    fn payload(&self) -> &Bytes {
        &self.message.payload
    }

    fn headers(&self) -> &Headers {
        self.message.headers()
    }

    fn info(&self) -> &DeliveryInfo {
        &self.info
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        self.link.settle(which(&self.info), &settlement)
    }

    async fn extend(&self) -> Result<()> {
        self.link.extend(self.info.stream_sequence)
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

/// What names a delivery in a settlement, and which attempt it was.
pub(super) fn which(info: &DeliveryInfo) -> (SequencePair, u64) {
    (SequencePair::new(info.consumer_sequence, info.stream_sequence), info.attempt)
}

impl std::fmt::Debug for MemoryMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryMessage")
            .field("subject", &self.message.subject)
            .field("payload_bytes", &self.message.payload.len())
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}
