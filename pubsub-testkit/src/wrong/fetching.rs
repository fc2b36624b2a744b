//! Flaws in how messages are fetched.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pubsub_core::{Consumer, Delivery, Error, ErrorKind, FetchOptions, OnDrop, Result};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Tamper;

/// The likely cause: a buffer that overflows, with auto-ack.
#[derive(Debug, Default)]
pub(super) struct LosesOneInAThousand {
    seen: AtomicU64,
}

#[async_trait]
impl Tamper for LosesOneInAThousand {
    async fn batch(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let mut kept = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            if (self.seen.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(1000) {
                // Whether this works makes no difference: the message is not handed out.
                let _ = delivery.ack().await;
            } else {
                kept.push(delivery);
            }
        }
        kept
    }
}

/// The likely cause: a list that is read from its end.
#[derive(Debug)]
pub(super) struct Reorders;

#[async_trait]
impl Tamper for Reorders {
    async fn batch(&self, mut deliveries: Vec<Delivery>) -> Vec<Delivery> {
        deliveries.reverse();
        deliveries
    }
}

/// The likely cause: "up to" read as "exactly".
#[derive(Debug)]
pub(super) struct WaitsForAFullBatch;

#[async_trait]
impl Tamper for WaitsForAFullBatch {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let deadline = Instant::now() + options.expires;
        let mut batch: Vec<Delivery> = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut rest = options.clone().with_expires(left);
            rest.max_messages = options.max_messages - batch.len();
            batch.extend(inner.fetch(rest).await?);
            if batch.len() == options.max_messages || Instant::now() >= deadline {
                return Ok(batch);
            }
        }
    }
}

/// The likely cause: the server's "408 Request Timeout" is handed on.
#[derive(Debug)]
pub(super) struct FailsWhenEmpty;

#[async_trait]
impl Tamper for FailsWhenEmpty {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let batch = inner.fetch(options).await?;
        if batch.is_empty() { Err(Error::new(ErrorKind::Timeout, "nothing came")) } else { Ok(batch) }
    }
}

/// The likely cause: a task that goes on fetching, and acks what it has got rid of.
#[derive(Debug)]
pub(super) struct LosesACancelledFetch;

#[async_trait]
impl Tamper for LosesACancelledFetch {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let (sender, receiver) = oneshot::channel();
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            if let Err(Ok(nobodys)) = sender.send(inner.fetch(options).await) {
                for delivery in nobodys {
                    let _ = delivery.ack().await;
                }
            }
        });
        receiver.await.unwrap_or_else(|_| Ok(Vec::new()))
    }
}

/// The likely cause: options that are kept in the handle.
#[derive(Debug, Default)]
pub(super) struct KeepsOptions {
    first: Mutex<Option<OnDrop>>,
}

#[async_trait]
impl Tamper for KeepsOptions {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let kept = *self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(options.on_drop);
        inner.fetch(options.with_on_drop(kept)).await
    }
}

/// The likely cause: an empty answer and no answer that are the same.
#[derive(Debug)]
pub(super) struct IsSilentAboutDeletions;

#[async_trait]
impl Tamper for IsSilentAboutDeletions {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let deadline = Instant::now() + options.expires;
        match inner.fetch(options).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tokio::time::sleep_until(deadline).await;
                Ok(Vec::new())
            }
            outcome => outcome,
        }
    }
}
