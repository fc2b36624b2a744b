//! A callback per publish: [`OnPublish`].

use std::any::Any;
use std::fmt::{self, Debug, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::Layer;
use crate::message::OutboundMessage;
use crate::publish::{BatchReceipt, PendingReceipt, PublishOptions, Publisher, Receipt};
use crate::{Capabilities, Error, Result, Subject};

/// What the hook of [`OnPublish`] learns of one publish.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublishEvent<'a> {
    /// Where the message was published to.
    pub subject: &'a Subject,
    /// How the publish ended.
    pub outcome: std::result::Result<&'a Receipt, &'a Error>,
    /// The time from the call to the outcome.
    pub latency: Duration,
}

type Hook = dyn Fn(&PublishEvent<'_>) + Send + Sync;

/// A layer that calls a function once for each publish whose outcome was awaited, with subject, outcome and latency.
///
/// A refused message counts as an outcome. A panic in the function is contained and logged; it does not touch the
/// publish.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::sync::Arc;
/// use pubsub_core::OnPublish;
///
/// let failures = Arc::new(AtomicU64::new(0));
/// let counter = Arc::clone(&failures);
/// let layer = OnPublish::new(move |event| {
///     counter.fetch_add(u64::from(event.outcome.is_err()), Ordering::Relaxed);
/// });
/// # drop(layer);
/// ```
#[derive(Clone)]
pub struct OnPublish {
    hook: Arc<Hook>,
}

impl OnPublish {
    /// A layer that calls `hook`. It runs on the task that awaits the receipt, so it must be quick.
    #[must_use]
    pub fn new(hook: impl Fn(&PublishEvent<'_>) + Send + Sync + 'static) -> Self {
        Self { hook: Arc::new(hook) }
    }
}

impl Debug for OnPublish {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnPublish").finish_non_exhaustive()
    }
}

impl Layer for OnPublish {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        Arc::new(HookedPublisher { inner, hook: Arc::clone(&self.hook) })
    }
}

struct HookedPublisher {
    inner: Arc<dyn Publisher>,
    hook: Arc<Hook>,
}

impl Debug for HookedPublisher {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookedPublisher").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl HookedPublisher {
    fn watch(
        &self,
        subject: Subject,
        started: Instant,
        accepted: Result<PendingReceipt>,
    ) -> Result<PendingReceipt> {
        let hook = Arc::clone(&self.hook);
        match accepted {
            Ok(pending) => Ok(PendingReceipt::from_future(async move {
                let outcome = pending.await;
                call(&hook, &subject, started, outcome.as_ref());
                outcome
            })),
            Err(error) => {
                call(&hook, &subject, started, Err(&error));
                Err(error)
            }
        }
    }
}

fn call(
    hook: &Arc<Hook>,
    subject: &Subject,
    started: Instant,
    outcome: std::result::Result<&Receipt, &Error>,
) {
    let event = PublishEvent { subject, outcome, latency: started.elapsed() };
    if catch_unwind(AssertUnwindSafe(|| hook(&event))).is_err() {
        tracing::error!(subject = subject.as_str(), "the on-publish hook panicked");
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Publisher for HookedPublisher {
    async fn publish_with(
        &self,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let subject = message.subject.clone();
        let started = Instant::now();
        let accepted = self.inner.publish_with(message, options).await;
        self.watch(subject, started, accepted)
    }

    async fn publish_batch(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let subjects: Vec<_> = messages.iter().map(|message| message.subject.clone()).collect();
        let started = Instant::now();
        let accepted = self.inner.publish_batch(messages, options).await;
        subjects.into_iter().zip(accepted).map(|(subject, one)| self.watch(subject, started, one)).collect()
    }

    /// One event per message. All that succeed share the time of the batch and have their sequence.
    async fn publish_atomic(
        &self,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let subjects: Vec<_> = messages.iter().map(|message| message.subject.clone()).collect();
        let started = Instant::now();
        let outcome = self.inner.publish_atomic(messages, options).await;
        for (index, subject) in subjects.iter().enumerate() {
            match &outcome {
                Ok(batch) => {
                    let after = (subjects.len() - 1 - index) as u64;
                    let sequence = batch.last_sequence.saturating_sub(after);
                    let receipt = Receipt::new(batch.stream.clone(), sequence, false);
                    call(&self.hook, subject, started, Ok(&receipt));
                }
                Err(error) => call(&self.hook, subject, started, Err(error)),
            }
        }
        outcome
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn flush(&self) -> Result<()> {
        self.inner.flush().await
    }

    fn native(&self) -> Option<&dyn Any> {
        self.inner.native()
    }
}
