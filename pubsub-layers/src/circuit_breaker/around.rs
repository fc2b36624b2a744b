//! The breaker around publishers, consumers and administration.

use std::future::Future;
use std::sync::Arc;

use futures::stream::BoxStream;
use pubsub_core::{
    BatchReceipt, Consumer, ConsumerInfo, Delivery, FetchOptions, OutboundMessage, PendingReceipt,
    PublishOptions, Publisher, Result, SubscribeOptions,
};

use super::{Call, CircuitBreaker};
use crate::around::{AroundAdmin, AroundConsumer, AroundPublisher};

impl Call {
    /// The outcome of a publish is that of its receipt.
    fn accept(self, accepted: Result<PendingReceipt>) -> Result<PendingReceipt> {
        match accepted {
            Ok(pending) => Ok(PendingReceipt::from_future(async move { self.end(pending.await) })),
            Err(error) => self.end(Err(error)),
        }
    }
}

impl AroundPublisher for CircuitBreaker {
    async fn publish(
        &self,
        inner: &Arc<dyn Publisher>,
        message: OutboundMessage,
        options: PublishOptions,
    ) -> Result<PendingReceipt> {
        match (self.enter(), &self.fallback) {
            (Ok(call), _) => call.accept(inner.publish_with(message, options).await),
            (Err(_), Some(fallback)) => fallback.publish_with(message, options).await,
            (Err(remaining), None) => Err(self.refusal("publish", remaining)),
        }
    }

    /// One message says whether the circuit lets the batch in; then each has an outcome of its own.
    async fn batch(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Vec<Result<PendingReceipt>> {
        match (self.enter(), &self.fallback) {
            (Ok(first), _) => {
                let outcomes = inner.publish_batch(messages, options).await;
                let entry = first.entry;
                let calls = std::iter::once(first)
                    .chain(std::iter::repeat_with(|| Call { breaker: self.clone(), entry }));
                calls.zip(outcomes).map(|(call, outcome)| call.accept(outcome)).collect()
            }
            (Err(_), Some(fallback)) => fallback.publish_batch(messages, options).await,
            (Err(remaining), None) => {
                messages.iter().map(|_| Err(self.refusal("publish", remaining))).collect()
            }
        }
    }

    async fn atomic(
        &self,
        inner: &Arc<dyn Publisher>,
        messages: Vec<OutboundMessage>,
        options: PublishOptions,
    ) -> Result<BatchReceipt> {
        match (self.enter(), &self.fallback) {
            (Ok(call), _) => call.end(inner.publish_atomic(messages, options).await),
            (Err(_), Some(fallback)) => fallback.publish_atomic(messages, options).await,
            (Err(remaining), None) => Err(self.refusal("publish atomic", remaining)),
        }
    }
}

impl AroundConsumer for CircuitBreaker {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let call = self.enter().map_err(|remaining| self.refusal("fetch", remaining))?;
        call.end(inner.fetch(options).await)
    }

    fn subscribe(
        &self,
        inner: Arc<dyn Consumer>,
        options: SubscribeOptions,
    ) -> BoxStream<'static, Result<Delivery>> {
        inner.subscribe(options)
    }

    async fn info(&self, inner: &Arc<dyn Consumer>) -> Result<ConsumerInfo> {
        let call = self.enter().map_err(|remaining| self.refusal("consumer info", remaining))?;
        call.end(inner.info().await)
    }
}

impl AroundAdmin for CircuitBreaker {
    async fn call<T: Send>(
        &self,
        operation: &'static str,
        running: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let call = self.enter().map_err(|remaining| self.refusal(operation, remaining))?;
        call.end(running.await)
    }
}
