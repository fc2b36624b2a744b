//! Flaws in how much a fetch takes, and how long it waits.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::{Consumer, Delivery, FetchOptions, Result};

use super::Tamper;

/// The likely cause: a number that is taken for a hint.
#[derive(Debug)]
pub(super) struct GivesMoreThanAsked;

#[async_trait]
impl Tamper for GivesMoreThanAsked {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, mut options: FetchOptions) -> Result<Vec<Delivery>> {
        options.max_messages = (options.max_messages * 2).min(10_000);
        inner.fetch(options).await
    }
}

/// The likely cause: a call that asks once.
#[derive(Debug)]
pub(super) struct DoesNotWait;

#[async_trait]
impl Tamper for DoesNotWait {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        inner.fetch(options.with_expires(Duration::ZERO)).await
    }
}

/// The likely cause: a bound that is looked at before the first message, too.
#[derive(Debug)]
pub(super) struct StopsAtWhatIsLarger;

#[async_trait]
impl Tamper for StopsAtWhatIsLarger {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let most = options.max_bytes;
        let batch = inner.fetch(options).await?;
        if batch.first().is_some_and(|first| first.payload().len() as u64 > most) {
            batch.into_iter().for_each(Delivery::hand_back);
            return Ok(Vec::new());
        }
        Ok(batch)
    }
}

/// The likely cause: a bound that is kept by the client, after the broker has sent.
#[derive(Debug)]
pub(super) struct KeepsWhatDoesNotFit;

#[async_trait]
impl Tamper for KeepsWhatDoesNotFit {
    async fn fetch(&self, inner: &Arc<dyn Consumer>, options: FetchOptions) -> Result<Vec<Delivery>> {
        let most = options.max_bytes;
        let unbounded = FetchOptions::up_to(options.max_messages).max_bytes;
        let mut batch = inner.fetch(options.with_max_bytes(unbounded)).await?;
        let mut bytes = 0;
        let fits = batch.iter().take_while(|delivery| {
            bytes += delivery.payload().len() as u64;
            bytes <= most
        });
        let fits = fits.count().max(1).min(batch.len());
        // Leased, and not given to anybody.
        batch.drain(fits..).for_each(|delivery| drop(delivery.into_message()));
        Ok(batch)
    }
}
