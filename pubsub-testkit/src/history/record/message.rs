use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{DeliveryInfo, Error, Headers, Message, Result, Settlement};

use crate::history::History;
use crate::history::event::{Number, What};

#[derive(Debug)]
pub(super) struct RecordedMessage {
    pub(super) inner: Box<dyn Message>,
    pub(super) history: History,
    pub(super) delivery: Number,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for RecordedMessage {
    fn subject(&self) -> &str {
        self.inner.subject()
    }

    fn payload(&self) -> &Bytes {
        self.inner.payload()
    }

    fn headers(&self) -> &Headers {
        self.inner.headers()
    }

    fn info(&self) -> &DeliveryInfo {
        self.inner.info()
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        let Self { inner, history, delivery } = *self;
        let (kind, confirmed) = (settlement.kind().clone(), settlement.is_confirmed());
        history.record(What::SettleCalled { delivery, kind, confirmed });
        let outcome = inner.settle(settlement).await;
        let ended = outcome.as_ref().copied().map_err(Error::kind);
        history.record(What::SettleEnded { delivery, outcome: ended });
        outcome
    }

    /// Every settlement takes the way of `settle`.
    fn settle_now(&self, _settlement: &Settlement) -> Option<Result<()>> {
        None
    }

    async fn extend(&self) -> Result<()> {
        let delivery = self.delivery;
        self.history.record(What::ExtendCalled { delivery });
        let outcome = self.inner.extend().await;
        let ended = outcome.as_ref().copied().map_err(Error::kind);
        self.history.record(What::ExtendEnded { delivery, outcome: ended });
        outcome
    }

    fn abandon(self: Box<Self>) {
        self.history.record(What::Abandoned { delivery: self.delivery });
        self.inner.abandon();
    }

    fn hand_back(self: Box<Self>) {
        self.history.record(What::HandedBack { delivery: self.delivery });
        self.inner.hand_back();
    }
}
