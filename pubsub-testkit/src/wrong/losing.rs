//! Flaws in what is made of a lost connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    Consumer, Delivery, Error, ErrorKind, Message, OutboundMessage, PendingReceipt, PublishOptions,
    Publisher, Result, Settlement, SubscribeOptions,
};

use super::Tamper;

fn is_loss(item: &Result<Delivery>) -> bool {
    item.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unavailable)
}

/// The likely cause: an error of the wire that is taken for the end of the stream.
#[derive(Debug)]
pub(super) struct EndsWithItsConnection;

impl Tamper for EndsWithItsConnection {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        inner.subscribe(options).take_while(|item| std::future::ready(!is_loss(item))).boxed()
    }
}

/// The likely cause: a state that is set when the connection goes, and that nothing sets back.
#[derive(Debug, Default)]
pub(super) struct StaysDown {
    down: Arc<AtomicBool>,
}

#[async_trait]
impl Tamper for StaysDown {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let down = Arc::clone(&self.down);
        if down.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Unavailable, "the connection was lost"));
        }
        let noticed = move |error: &Error| {
            if error.kind() == ErrorKind::Unavailable {
                down.store(true, Ordering::Release);
            }
        };
        let pending = inner.publish_with(message, options).await.inspect_err(&noticed)?;
        Ok(PendingReceipt::from_future(async move { pending.await.inspect_err(noticed) }))
    }
}

/// The likely cause: a list of who is to be connected again, which ends too early.
#[derive(Debug, Default)]
pub(super) struct LeavesAMemberBehind {
    members: AtomicUsize,
}

impl Tamper for LeavesAMemberBehind {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let deliveries = inner.subscribe(options);
        if self.members.fetch_add(1, Ordering::AcqRel) < 2 {
            return deliveries;
        }
        let until_lost = deliveries.take_while(|item| std::future::ready(!is_loss(item)));
        until_lost.chain(futures::stream::pending()).boxed()
    }
}

/// The likely cause: a timeout that is taken for a failure.
#[derive(Debug)]
pub(super) struct KnowsWhatItCannotKnow;

#[async_trait]
impl Tamper for KnowsWhatItCannotKnow {
    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        match message.settle(settlement).await {
            Err(error) if error.is_effect_unknown() => {
                Err(Error::new(ErrorKind::Unavailable, "the settlement was not made"))
            }
            outcome => outcome,
        }
    }
}
