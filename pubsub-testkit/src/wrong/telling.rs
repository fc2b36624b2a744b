//! Flaws in what a delivery and a consumer say of themselves.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{
    ConsumerConfig, ConsumerInfo, ConsumerName, Purge, Result, StreamAdmin, StreamInfo, StreamName,
};

use super::{Shown, Tamper};

/// A delivery that is shown otherwise than it is, by a flaw of that name.
macro_rules! misstated {
    ($($(#[doc = $doc:literal])+ $name:ident = |$shown:ident| $change:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub(super) struct $name;

        impl Tamper for $name {
            fn shown(&self, mut $shown: Shown) -> Shown {
                $change;
                $shown
            }
        }
    )+};
}

misstated! {
    /// The likely cause: redeliveries that are counted, and not deliveries.
    CountsAttemptsFromZero = |shown| shown.info.attempt = shown.info.attempt.saturating_sub(1);
    /// The likely cause: one number where there are two.
    NumbersByTheStream = |shown| shown.info.consumer_sequence = shown.info.stream_sequence;
    /// The likely cause: a count that is taken before the message leaves.
    CountsItselfAsPending = |shown| shown.info.pending += 1;
    /// The likely cause: a time that is taken where the message arrives.
    TellsWhenItCame = |shown| shown.info.published_at = SystemTime::now();
}

/// The likely cause: a position that moves with the deliveries, and not with what is settled.
#[derive(Debug)]
pub(super) struct FloorsTheLastDelivery;

impl Tamper for FloorsTheLastDelivery {
    fn consumer_info(&self, mut info: ConsumerInfo) -> ConsumerInfo {
        info.ack_floor = info.delivered;
        info
    }
}

/// The likely cause: a counter of what is to come that a purge does not know.
#[derive(Debug, Default)]
pub(super) struct CountsWhatWasPurged {
    purged: Mutex<HashMap<StreamName, u64>>,
}

#[async_trait]
impl Tamper for CountsWhatWasPurged {
    async fn purge(&self, admin: &dyn StreamAdmin, stream: &StreamName, purge: Purge) -> Result<u64> {
        let removed = admin.purge_stream(stream, purge).await?;
        let mut purged = self.purged.lock().unwrap_or_else(PoisonError::into_inner);
        *purged.entry(stream.clone()).or_default() += removed;
        Ok(removed)
    }

    fn consumer_info(&self, mut info: ConsumerInfo) -> ConsumerInfo {
        let purged = self.purged.lock().unwrap_or_else(PoisonError::into_inner);
        info.pending += purged.get(&info.stream).copied().unwrap_or_default();
        info
    }
}

/// The likely cause: a counter of the message, where it is one of the message and the consumer.
#[derive(Debug, Default)]
pub(super) struct CountsAttemptsOfAll {
    attempts: Mutex<HashMap<(StreamName, u64), u64>>,
}

impl Tamper for CountsAttemptsOfAll {
    fn shown(&self, mut shown: Shown) -> Shown {
        let message = (shown.info.stream.clone(), shown.info.stream_sequence);
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let attempts = attempts.entry(message).or_default();
        *attempts += 1;
        shown.info.attempt = *attempts;
        shown
    }
}

/// The likely cause: a counter that goes up, and not down again.
#[derive(Debug, Default)]
pub(super) struct CountsBytesForEver {
    most: AtomicU64,
}

impl Tamper for CountsBytesForEver {
    fn stream_info(&self, mut info: StreamInfo) -> StreamInfo {
        info.bytes = self.most.fetch_max(info.bytes, Ordering::Relaxed).max(info.bytes);
        info
    }
}

/// The likely cause: a configuration that is stored, and not applied.
#[derive(Debug, Default)]
pub(super) struct ShowsUpdatesOfConsumers {
    shown: Mutex<HashMap<ConsumerName, ConsumerConfig>>,
}

#[async_trait]
impl Tamper for ShowsUpdatesOfConsumers {
    async fn update_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        // What must be refused is, by what there is.
        let now = match &config.name {
            Some(name) => admin.consumer_info(stream, name).await.ok(),
            None => None,
        };
        let mut info = admin.update_consumer(stream, config.clone()).await?;
        if let Some(before) = now {
            info = admin.update_consumer(stream, before.config).await?;
        }
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(info.name.clone(), config);
        Ok(info)
    }

    fn consumer_info(&self, mut info: ConsumerInfo) -> ConsumerInfo {
        if let Some(shown) = self.shown.lock().unwrap_or_else(PoisonError::into_inner).get(&info.name) {
            info.config = shown.clone();
        }
        info
    }
}
