//! Flaws that show when a call is dropped.

use std::sync::Arc;

use async_trait::async_trait;
use pubsub_core::{
    BatchReceipt, Consumer, ConsumerConfig, ConsumerInfo, Delivery, Error, ErrorKind, FetchOptions, Message,
    OutboundMessage, PublishOptions, Publisher, Result, Settlement, StreamAdmin, StreamName,
};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::Tamper;

/// The likely cause: a channel to the caller, and an ack for whatever leaves it.
#[derive(Debug)]
pub(super) struct LosesWhatItHandsOver;

/// What was handed over, and is acked unless it is taken.
struct Handed(Vec<Box<dyn Message>>);

impl Handed {
    fn take(mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.0).into_iter().map(Delivery::new).collect()
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        for message in self.0.drain(..) {
            tokio::spawn(message.settle(Settlement::ack()));
        }
    }
}

#[async_trait]
impl Tamper for LosesWhatItHandsOver {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let (mut sender, receiver) = oneshot::channel();
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            let batch = tokio::select! {
                biased;
                // Right so far: who is gone gets nothing.
                () = sender.closed() => return,
                batch = inner.fetch(options) => batch,
            };
            let handed = batch.map(|batch| Handed(batch.into_iter().map(Delivery::into_message).collect()));
            let _ = sender.send(handed);
        });
        let handed = receiver.await.map_err(|_| Error::new(ErrorKind::Closed, "the reader has ended"))?;
        Ok(handed?.take())
    }
}

/// The likely cause: a change that is made of a deletion and a creation.
#[derive(Debug)]
pub(super) struct ChangesByDeleting;

#[async_trait]
impl Tamper for ChangesByDeleting {
    async fn update_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        if let Some(name) = &config.name {
            admin.delete_consumer(stream, name).await?;
            yield_now().await;
        }
        admin.create_consumer(stream, config).await
    }
}

/// The likely cause: a call that nobody has tried.
#[derive(Debug)]
pub(super) struct FailsAtomicBatches;

#[async_trait]
impl Tamper for FailsAtomicBatches {
    async fn publish_atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        drop((inner, messages, options));
        Err(Error::new(ErrorKind::Unavailable, "the batch was not stored"))
    }
}
