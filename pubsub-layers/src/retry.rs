//! Publishing again within a budget of time: [`Retry`].

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use pubsub_core::config::duration;
use pubsub_core::{
    BatchReceipt, Capabilities, Capability, Error, ErrorKind, Layer, OutboundMessage, PendingReceipt,
    PublishOptions, Publisher, Result,
};
use tokio::time::{Instant, sleep};

use crate::around::{AroundPublisher, PublisherAround};
use crate::fresh_id::FreshIds;

/// A layer that publishes again what failed for a cause that may pass, with growing delays, until a budget of time is used
/// up. The last error then says so ([`pubsub_core::Retry::Exhausted`]), with the number of attempts.
///
/// - What was certainly not stored is published again as it is.
/// - What *may* be stored is published again under one message id; a message without one gets one. A backend that does that itself
///   (capability `publish_retry`) goes on doing so, within its own time, and is not repeated here: a publish has one owner. For
///   other backends with message ids, the layer adds the capability. `PublishOptions::with_retry(false)` turns this part off for
///   one publish.
/// - A subject that no stream takes is given up after 10 s: a stream without a leader looks the same for some seconds.
/// - An atomic batch is published again only if it was certainly not stored.
/// - A publish whose caller does not wait for the receipt is not published again after it was accepted.
/// - Receipts that are waited for later, or together, may change the order of what failed.
///
/// Consumers need no such layer: a subscription goes on by itself, and whoever fetches does it again.
///
/// **Place**: outside of [`Timeout`](crate::Timeout) and [`CircuitBreaker`](crate::CircuitBreaker) (which ends the attempts when it
/// opens), inside of [`MessageIds`](crate::MessageIds) and the limits.
///
/// ```
/// use std::time::Duration;
/// use pubsub_layers::Retry;
///
/// let layer = Retry::within(Duration::from_secs(30)).with_first_delay(Duration::from_millis(50));
/// # drop(layer);
/// ```
#[derive(Debug, Clone)]
pub struct Retry {
    budget: Duration,
    first_delay: Duration,
    max_delay: Duration,
    ids: Arc<FreshIds>,
}

/// A stream without a leader answers as one that does not exist; it has one again after 1 to 7 s (measured on nats-server 2.15.1).
const ELECTION: Duration = Duration::from_secs(10);

impl Retry {
    /// The default of [`with_first_delay`](Self::with_first_delay): 100 ms.
    pub const DEFAULT_FIRST_DELAY: Duration = Duration::from_millis(100);
    /// The default of [`with_max_delay`](Self::with_max_delay): 5 s.
    pub const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(5);

    /// A layer that goes on for so long, counted from the call. A publish's own [`timeout`](PublishOptions::timeout) shortens it.
    #[must_use]
    pub fn within(budget: Duration) -> Self {
        Self {
            budget,
            first_delay: Self::DEFAULT_FIRST_DELAY,
            max_delay: Self::DEFAULT_MAX_DELAY,
            ids: Arc::new(FreshIds::new()),
        }
    }

    /// Sets the delay before the second attempt, by default 100 ms. Each further one is twice as long; a random part of up to the
    /// delay comes on top.
    #[must_use]
    pub fn with_first_delay(mut self, delay: Duration) -> Self {
        self.first_delay = delay;
        self
    }

    /// Sets the longest delay, by default 5 s.
    #[must_use]
    pub fn with_max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Begins with one publish: what is retried, and until when.
    fn begin(&self, inner: &Arc<dyn Publisher>, options: &PublishOptions) -> Attempts {
        let has = inner.capabilities();
        let ours = !has.has(Capability::PublishRetry) && has.has(Capability::MessageId);
        let budget = options.timeout.map_or(self.budget, |timeout| timeout.min(self.budget));
        let delays = ExponentialBuilder::default()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.max_delay.max(self.first_delay))
            .without_max_times()
            .with_jitter();
        Attempts {
            began: Instant::now(),
            budget,
            unknown_too: ours && options.retry != Some(false),
            made: 1,
            delays: Box::new(delays.build()),
        }
    }

    /// The backend is not told to do what the layer does.
    fn options_below(attempts: &Attempts, mut options: PublishOptions) -> PublishOptions {
        if attempts.unknown_too {
            options.retry = None;
        }
        options
    }

    fn identify(&self, attempts: &Attempts, message: &mut OutboundMessage) -> Result<()> {
        if attempts.unknown_too && message.id.is_none() {
            message.id = Some(self.ids.next()?);
        }
        Ok(())
    }
}

/// What is left for one publish.
struct Attempts {
    began: Instant,
    budget: Duration,
    unknown_too: bool,
    made: u32,
    delays: Box<dyn Iterator<Item = Duration> + Send + Sync>,
}

impl Attempts {
    /// Waits for the next attempt, or gives the error back if there is none.
    async fn next(&mut self, error: Error) -> Result<()> {
        let may_pass = error.retry() == pubsub_core::Retry::Later;
        if !may_pass || (error.is_effect_unknown() && !self.unknown_too) {
            return Err(error);
        }
        let delay = self.delays.next().unwrap_or(self.budget);
        let budget =
            if error.kind() == ErrorKind::NotFound { self.budget.min(ELECTION) } else { self.budget };
        if self.began.elapsed().saturating_add(delay) > budget {
            return Err(error
                .with_retry(pubsub_core::Retry::Exhausted)
                .with_context("attempts", self.made)
                .with_context("budget", duration::format(budget)));
        }
        tracing::debug!(attempt = self.made, %error, "a publish failed and is tried again");
        sleep(delay).await;
        self.made += 1;
        Ok(())
    }

    /// Waits for the receipt, and publishes again until there is one.
    async fn receipt(
        mut self,
        mut pending: Result<PendingReceipt>,
        inner: Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<pubsub_core::Receipt> {
        loop {
            let outcome = match pending {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(receipt) => return Ok(receipt),
                Err(error) => self.next(error).await?,
            }
            pending = inner.publish_with(message.clone(), options.clone()).await;
        }
    }
}

impl Layer for Retry {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        AroundPublisher::capabilities(self, inner)
    }

    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, self.clone())
    }
}

impl AroundPublisher for Retry {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        if inner.has(Capability::MessageId) { inner.with(Capability::PublishRetry) } else { inner }
    }

    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        mut message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        let mut attempts = self.begin(inner, &options);
        let options = Self::options_below(&attempts, options);
        self.identify(&attempts, &mut message)?;
        loop {
            match inner.publish_with(message.clone(), options.clone()).await {
                Ok(pending) => {
                    let receipt = attempts.receipt(Ok(pending), Arc::clone(inner), message, options);
                    return Ok(PendingReceipt::from_future(receipt));
                }
                // While the caller waits here, nothing of his comes later, so that the order is kept.
                Err(error) => attempts.next(error).await?,
            }
        }
    }

    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        mut messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        let attempts = self.begin(inner, &options);
        let below = Self::options_below(&attempts, options.clone());
        for message in &mut messages {
            if let Err(error) = self.identify(&attempts, message) {
                tracing::warn!(%error, "no message id could be made; the message is published without");
            }
        }
        let outcomes = inner.publish_batch(messages.clone(), below.clone()).await;
        let each = outcomes.into_iter().zip(messages).map(|(outcome, message)| match outcome {
            Err(error) if error.retry() != pubsub_core::Retry::Later => Err(error),
            outcome => {
                let attempts = Attempts { began: attempts.began, ..self.begin(inner, &options) };
                let receipt = attempts.receipt(outcome, Arc::clone(inner), message, below.clone());
                Ok(PendingReceipt::from_future(receipt))
            }
        });
        each.collect()
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        let mut attempts = self.begin(inner, &options);
        let options = Self::options_below(&attempts, options);
        attempts.unknown_too = false;
        loop {
            match inner.publish_atomic(messages.clone(), options.clone()).await {
                Ok(receipt) => return Ok(receipt),
                Err(error) => attempts.next(error).await?,
            }
        }
    }
}
