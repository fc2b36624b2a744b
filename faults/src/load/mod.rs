//! The load: publishers and consumers, over this library ([`ours`]) or over async-nats ([`raw`]), and what they saw.

mod ours;
mod publishing;
mod raw;
mod record;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{ConsumerConfig, Limit};
use serde::Serialize;
use tokio::sync::watch;

pub(crate) use publishing::{flood, publish};
#[cfg(test)]
pub(crate) use record::Published;
pub(crate) use record::{Delivered, Outcome, Record, Records};

use crate::Result;
use crate::site::Site;

/// How long a consumer has for a message.
pub(crate) const fn ack_wait(quick: bool) -> Duration {
    Duration::from_secs(if quick { 2 } else { 5 })
}

/// How many confirmed acks wait for their answer at a time.
const CONFIRMING: usize = 64;

/// Over what the load runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Driver {
    Ours,
    Raw,
}

/// How a consumer acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ack {
    Plain,
    Confirmed,
}

/// One message of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) key: u32,
    pub(crate) number: u32,
}

/// A connection under load.
#[async_trait]
pub(crate) trait Party: Send + Sync {
    /// Publishes one message and waits for its outcome.
    async fn publish(&self, id: Id) -> Outcome;

    /// Hands a payload over and waits for no outcome.
    async fn hand_over(&self, payload: Bytes);

    /// Takes and settles what comes, until told to stop, or until the consumer is gone.
    async fn consume(&self, ack: Ack, record: Arc<Record>, stop: watch::Receiver<bool>);

    async fn close(&self);
}

impl Driver {
    pub(crate) async fn connect(self, site: &Site) -> Result<Arc<dyn Party>> {
        Ok(match self {
            Self::Ours => Arc::new(ours::Ours::connect(site).await?),
            Self::Raw => Arc::new(raw::Raw::connect(site).await?),
        })
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Raw => "raw",
        }
    }
}

impl Ack {
    pub(crate) const BOTH: [Self; 2] = [Self::Plain, Self::Confirmed];

    pub(crate) const fn consumer(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Confirmed => "confirmed",
        }
    }
}

impl Id {
    pub(crate) fn subject(self) -> String {
        format!("faults.{}", self.key)
    }

    /// Also the message's id.
    pub(crate) fn text(self) -> String {
        format!("{}-{}", self.key, self.number)
    }

    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let (key, number) = std::str::from_utf8(payload).ok()?.split_once('-')?;
        Some(Self { key: key.parse().ok()?, number: number.parse().ok()? })
    }
}

pub(crate) fn consumer_config(ack: Ack, quick: bool) -> Result<ConsumerConfig> {
    Ok(ConsumerConfig::durable(ack.consumer())?
        .with_ack_wait(ack_wait(quick))
        .with_max_deliver(Limit::Unlimited)
        .with_max_ack_pending(1_000))
}

/// Resolves when the load is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever says so is gone, too, when all is over.
    let _ = stop.wait_for(|stop| *stop).await;
}
