//! Flaws in how connections end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{
    Broker, Consumer, Delivery, ErrorKind, FetchOptions, Message, OutboundMessage, PendingReceipt,
    PublishOptions, Publisher, Result, SubscribeOptions,
};
use tokio::time::sleep;

use super::Tamper;
use super::holding::holding;

/// The likely cause: a buffer in front of the connection that a flush and a close do not know.
#[derive(Debug)]
pub(super) struct PublishesLater;

#[async_trait]
impl Tamper for PublishesLater {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        message.check(inner.capabilities())?;
        options.check(inner.capabilities())?;
        let (sender, pending) = PendingReceipt::channel();
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            sleep(Duration::from_millis(20)).await;
            sender.send(match inner.publish_with(message, options).await {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            });
        });
        Ok(pending)
    }
}

/// The likely cause: what was prefetched is dropped with its buffer, and its lease runs on.
#[derive(Debug)]
pub(super) struct KeepsWhatItPrefetched;

impl Tamper for KeepsWhatItPrefetched {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let most = options.first_buffer();
        let batches = futures::stream::unfold(inner, move |inner| async move {
            let batch = inner.fetch(FetchOptions::up_to(most)).await;
            let batch = match batch {
                Ok(deliveries) => deliveries.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            Some((futures::stream::iter(batch), inner))
        });
        let closed = |item: &Result<Delivery>| {
            let closed = item.as_ref().is_err_and(|error| error.kind() == ErrorKind::Closed);
            std::future::ready(!closed)
        };
        batches.flatten().take_while(closed).boxed()
    }

    fn hand_back(&self, message: Box<dyn Message>) {
        message.abandon();
    }
}

/// The likely cause: a buffer that is dropped with what it holds.
#[derive(Debug)]
pub(super) struct HandsNothingBack;

impl Tamper for HandsNothingBack {
    fn hand_back(&self, message: Box<dyn Message>) {
        // Not given up either: it stays leased.
        drop(message);
    }
}

/// The likely cause: a close that joins its readers.
#[derive(Debug, Default)]
pub(super) struct WaitsForItsReaders {
    readers: Arc<AtomicUsize>,
}

/// Counts one as long as it lives.
#[derive(Debug)]
struct Reader(Arc<AtomicUsize>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[async_trait]
impl Tamper for WaitsForItsReaders {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        self.readers.fetch_add(1, Ordering::AcqRel);
        let reader = Reader(Arc::clone(&self.readers));
        holding(inner.subscribe(options), reader)
    }

    async fn close(&self, inner: &dyn Broker) -> Result<()> {
        while self.readers.load(Ordering::Acquire) > 0 {
            sleep(Duration::from_millis(10)).await;
        }
        inner.close().await
    }
}
