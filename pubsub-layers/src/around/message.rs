//! Around a delivered message: [`AroundMessage`].

use std::fmt::Debug;
use std::future::Future;

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{Delivery, DeliveryInfo, Headers, Message, Result, Settlement};

/// What a layer does around a delivered message. It is dropped when the message is settled or abandoned.
pub(crate) trait AroundMessage: Debug + Send + Sync + Sized + 'static {
    fn payload<'a>(&'a self, inner: &'a dyn Message) -> &'a Bytes {
        inner.payload()
    }

    fn headers<'a>(&'a self, inner: &'a dyn Message) -> &'a Headers {
        inner.headers()
    }

    fn settle(
        self,
        inner: Box<dyn Message>,
        settlement: Settlement,
    ) -> impl Future<Output = Result<()>> + Send {
        async move {
            let settled = inner.settle(settlement).await;
            drop(self);
            settled
        }
    }

    /// `None` where `settle` has to be asked.
    fn settle_now(&self, inner: &dyn Message, settlement: &Settlement) -> Option<Result<()>> {
        inner.settle_now(settlement)
    }

    fn extend(&self, inner: &dyn Message) -> impl Future<Output = Result<()>> + Send {
        inner.extend()
    }
}

#[derive(Debug)]
struct MessageAround<A> {
    inner: Box<dyn Message>,
    around: A,
}

/// Puts a layer around one delivery.
pub(crate) fn around_delivery<A: AroundMessage>(delivery: Delivery, around: A) -> Delivery {
    Delivery::new(Box::new(MessageAround { inner: delivery.into_message(), around }))
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: AroundMessage> Message for MessageAround<A> {
    fn subject(&self) -> &str {
        self.inner.subject()
    }

    fn payload(&self) -> &Bytes {
        self.around.payload(self.inner.as_ref())
    }

    fn headers(&self) -> &Headers {
        self.around.headers(self.inner.as_ref())
    }

    fn info(&self) -> &DeliveryInfo {
        self.inner.info()
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        let Self { inner, around } = *self;
        around.settle(inner, settlement).await
    }

    fn settle_now(&self, settlement: &Settlement) -> Option<Result<()>> {
        self.around.settle_now(self.inner.as_ref(), settlement)
    }

    async fn extend(&self) -> Result<()> {
        self.around.extend(self.inner.as_ref()).await
    }

    fn abandon(self: Box<Self>) {
        self.inner.abandon();
    }

    fn hand_back(self: Box<Self>) {
        self.inner.hand_back();
    }
}
