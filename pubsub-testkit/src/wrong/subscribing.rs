//! Flaws in how messages are subscribed to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::stream::{BoxStream, StreamExt as _};
use pubsub_core::{Consumer, Delivery, Result, SubscribeOptions};
use tokio::sync::mpsc;

use super::Tamper;

/// The likely cause: a channel that drops what does not fit, with auto-ack.
#[derive(Debug)]
pub(super) struct SubscriptionLosesOneInSeven;

impl Tamper for SubscriptionLosesOneInSeven {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let seen = AtomicU64::new(0);
        let kept = inner.subscribe(options).filter_map(move |delivery| {
            let lost = (seen.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(7);
            async move {
                match delivery {
                    Ok(delivery) if lost => {
                        let _ = delivery.ack().await;
                        None
                    }
                    other => Some(other),
                }
            }
        });
        kept.boxed()
    }
}

/// The likely cause: a reader that waits for a sender which it holds itself.
#[derive(Debug)]
pub(super) struct SubscriptionNeverEnds;

impl Tamper for SubscriptionNeverEnds {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        inner.subscribe(options).chain(futures::stream::pending()).boxed()
    }
}

/// The likely cause: a buffer that acks when it fills, as a client with auto-ack does.
#[derive(Debug)]
pub(super) struct AcksWhatItPrefetches;

impl Tamper for AcksWhatItPrefetches {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        let (sender, receiver) = mpsc::channel(options.first_buffer());
        tokio::spawn(async move {
            let mut deliveries = inner.subscribe(options);
            while let Some(delivery) = deliveries.next().await {
                if let Err(mpsc::error::SendError(Ok(nobodys))) = sender.send(delivery).await {
                    let _ = nobodys.ack().await;
                    return;
                }
            }
        });
        futures::stream::unfold(Prefetched(receiver), |mut prefetched| async move {
            let next = prefetched.0.recv().await?;
            Some((next, prefetched))
        })
        .boxed()
    }
}

#[derive(Debug)]
struct Prefetched(mpsc::Receiver<Result<Delivery>>);

impl Drop for Prefetched {
    fn drop(&mut self) {
        self.0.close();
        while let Ok(left) = self.0.try_recv() {
            if let Ok(delivery) = left {
                tokio::spawn(delivery.ack());
            }
        }
    }
}

/// The likely cause: a task for each subscription that nothing ends.
#[derive(Debug)]
pub(super) struct LeavesATask;

impl Tamper for LeavesATask {
    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        tokio::spawn(std::future::pending::<()>());
        inner.subscribe(options)
    }
}
