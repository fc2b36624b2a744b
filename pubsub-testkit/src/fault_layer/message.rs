use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{DeliveryInfo, Error, ErrorKind, Headers, Message, Result, Settlement};
use tokio::time::sleep;

use super::fault::{ExtendFault, SettleFault};
use super::plan::{Plan, injected_error, no_connection};

#[derive(Debug)]
pub(super) struct FaultyMessage {
    inner: Box<dyn Message>,
    plan: Arc<Plan>,
}

impl FaultyMessage {
    pub(super) fn new(inner: Box<dyn Message>, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }
}

fn no_answer() -> Error {
    injected_error(ErrorKind::Timeout, "no answer came").with_operation("settle").with_effect_unknown()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Message for FaultyMessage {
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

    /// A lost settlement drops the inner message: it was handed out, so it is not abandoned.
    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        let Self { inner, plan } = *self;
        let confirmed = settlement.is_confirmed();
        let fault = plan.for_settle(inner.as_ref());
        if !plan.link().is_up() {
            return if confirmed { Err(no_connection("settle")) } else { Ok(()) };
        }
        match fault {
            Some(SettleFault::Fail(kind)) => {
                Err(injected_error(kind, "the settlement failed; it was not made").with_operation("settle"))
            }
            Some(SettleFault::Lose) if confirmed => Err(no_answer()),
            Some(SettleFault::Lose) => Ok(()),
            Some(SettleFault::LoseAnswer) => {
                inner.settle(settlement).await?;
                if confirmed { Err(no_answer()) } else { Ok(()) }
            }
            Some(SettleFault::Delay(delay)) => {
                sleep(delay).await;
                inner.settle(settlement).await
            }
            None => inner.settle(settlement).await,
        }
    }

    /// Every settlement takes the way of `settle`.
    fn settle_now(&self, _settlement: &Settlement) -> Option<Result<()>> {
        None
    }

    async fn extend(&self) -> Result<()> {
        let fault = self.plan.for_extend(self.inner.as_ref());
        if !self.plan.link().is_up() {
            return Err(no_connection("extend"));
        }
        match fault {
            Some(ExtendFault::Fail(kind)) => {
                Err(injected_error(kind, "the ack wait was not extended").with_operation("extend"))
            }
            Some(ExtendFault::Lose) => Ok(()),
            None => self.inner.extend().await,
        }
    }

    fn abandon(self: Box<Self>) {
        self.inner.abandon();
    }

    fn hand_back(self: Box<Self>) {
        self.inner.hand_back();
    }
}
