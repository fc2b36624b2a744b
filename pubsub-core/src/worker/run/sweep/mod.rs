//! Messages that a consumer gave up by itself, while nobody was there to keep them: [`Sweep`].

mod swept;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::future::{BoxFuture, FutureExt as _};

use super::engine::Engine;
use super::held::Held;
use super::owed::Debt;
use crate::admin::{
    ConsumerConfig, ConsumerInfo, MessageSelector, Provision, Retention, StreamAdmin, StreamConfig,
};
use crate::advisory::{Advisory, MaxDeliver};
use crate::broker::Broker;
use crate::consume::{Consumer, FetchOptions};
use crate::message::{Delivery, DeliveryInfo, Settlement};
use crate::name::{ConsumerName, StreamName};
use crate::subject::SubjectFilter;
use crate::worker::{DeadLetters, Failure};
use crate::{Capability, ErrorKind, Limit, Result, Retry, StoredMessage};
use swept::Swept;

/// What died without a worker. A consumer with a `max_deliver` delivers a message no more when that is reached, and a process that
/// dies, or stops, with the last delivery in hand leaves the message behind. The broker tells of each such message when somebody asks for
/// more; a stream keeps what it tells, for the worker of this consumer that is there then.
pub(super) struct Sweep {
    told: Arc<dyn Consumer>,
    origin: Arc<Origin>,
    asked: Option<BoxFuture<'static, Result<Vec<Delivery>>>>,
}

/// Where the messages are.
#[derive(Debug)]
struct Origin {
    admin: Arc<dyn StreamAdmin>,
    stream: StreamName,
    consumer: ConsumerName,
    /// What was told of a consumer that had its name before is of no interest.
    created: SystemTime,
    retention: Retention,
}

impl Sweep {
    /// The stream that keeps what brokers tell, unless another one does already.
    const STREAM: &str = "WORKER_ADVISORIES";
    /// How many messages are swept up at a time.
    pub(super) const MOST: usize = 16;
    /// The wait after a failure.
    const PAUSE: Duration = Duration::from_secs(1);

    /// Makes sure of the stream, and of a consumer that all workers of this one share.
    pub(super) async fn open(
        broker: &dyn Broker,
        admin: Arc<dyn StreamAdmin>,
        info: &ConsumerInfo,
    ) -> Result<Self> {
        Self::begin(broker, admin, info).await.map_err(|error| {
            error.with_context("consumer", &info.name).with_remedy(
                "messages that reach the consumer's `max_deliver` without a worker would be lost unseen: make it unlimited, \
                 since the worker counts its attempts itself",
            )
        })
    }

    async fn begin(broker: &dyn Broker, admin: Arc<dyn StreamAdmin>, info: &ConsumerInfo) -> Result<Self> {
        for needed in [Capability::Advisories, Capability::GetMessage] {
            broker.capabilities().require(needed)?;
        }
        let told =
            Advisory::MaxDeliver(MaxDeliver::new(info.stream.clone(), info.name.clone(), 0, 0)).subject();
        let told = SubjectFilter::new(told)?;
        let stream = keeper(&*admin, &told).await?;
        let mut config = ConsumerConfig::durable(name_of(info))?.with_max_deliver(Limit::Unlimited);
        config.filters.push(told);
        let consumer = admin.ensure_consumer(&stream, config, Provision::CreateIfMissing).await?;
        let retention = admin.stream_info(&info.stream).await?.config.retention;
        let (name, created) = (info.name.clone(), info.created);
        Ok(Self {
            told: broker.consumer(&stream, &consumer.name).await?,
            origin: Arc::new(Origin {
                admin,
                stream: info.stream.clone(),
                consumer: name,
                created,
                retention,
            }),
            asked: None,
        })
    }

    /// The next messages.
    ///
    /// Dropped before completion, the asking goes on.
    async fn next(&mut self) -> Result<Vec<Delivery>> {
        let (told, origin) = (&self.told, &self.origin);
        let asked = self.asked.get_or_insert_with(|| ask(Arc::clone(told), Arc::clone(origin)).boxed());
        let outcome = asked.await;
        self.asked = None;
        outcome
    }
}

/// The stream that keeps what is told on this subject.
async fn keeper(admin: &dyn StreamAdmin, told: &SubjectFilter) -> Result<StreamName> {
    const MONTH: Duration = Duration::from_secs(30 * 86_400);
    let [all, _] = Advisory::FILTERS;
    let own = StreamConfig::new(Sweep::STREAM, [all])?.with_max_age(MONTH);
    let own = own.with_max_bytes(Limit::Unlimited).with_max_messages(Limit::Unlimited);
    let error = match admin.ensure_stream(own, Provision::CreateIfMissing).await {
        Ok(info) => return Ok(info.config.name),
        Err(error) => error,
    };
    // Another one has the subject, or ours was changed by hand.
    let streams = admin.list_streams().await.unwrap_or_default();
    let keeps = |config: &StreamConfig| config.subjects.iter().any(|kept| kept.covers(told));
    streams.into_iter().map(|info| info.config).find(keeps).map(|config| config.name).ok_or(error)
}

/// The name of the consumer of what is told of another one; no two have the same.
fn name_of(info: &ConsumerInfo) -> String {
    let (stream, consumer) = (info.stream.as_str(), info.name.as_str());
    let name = format!("sweep-{}-{stream}-{consumer}", stream.len());
    if name.len() <= ConsumerName::MAX_LEN {
        return name;
    }
    let mut hasher = DefaultHasher::new();
    (stream, consumer).hash(&mut hasher);
    format!("sweep-{:016x}", hasher.finish())
}

async fn ask(told: Arc<dyn Consumer>, origin: Arc<Origin>) -> Result<Vec<Delivery>> {
    let batch = match told.fetch(FetchOptions::up_to(Sweep::MOST)).await {
        Ok(batch) => batch,
        Err(error) => {
            tokio::time::sleep(Sweep::PAUSE).await;
            return Err(error);
        }
    };
    let (mut found, mut failed) = (Vec::with_capacity(batch.len()), None);
    for advisory in batch {
        if failed.is_some() {
            advisory.hand_back();
            continue;
        }
        match origin.message_of(&advisory).await {
            Ok(Some((stored, info))) => {
                found.push(Delivery::new(Box::new(Swept::new(stored, info, advisory, &origin))));
            }
            // There is nothing to keep any more.
            Ok(None) => failed = advisory.ack().await.err(),
            Err(error) => {
                advisory.hand_back();
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) if found.is_empty() => {
            tokio::time::sleep(Sweep::PAUSE).await;
            Err(error)
        }
        _ => Ok(found),
    }
}

impl Origin {
    /// The message that an advisory is about, if it is still there, and what a delivery of it would say.
    async fn message_of(&self, advisory: &Delivery) -> Result<Option<(StoredMessage, DeliveryInfo)>> {
        let told_at = advisory.info().published_at;
        let Ok(Some(Advisory::MaxDeliver(told))) = Advisory::parse(advisory.payload()) else {
            return Ok(None);
        };
        if told.stream != self.stream || told.consumer != self.consumer || told_at < self.created {
            return Ok(None);
        }
        let selector = MessageSelector::Sequence(told.stream_sequence);
        let stored = match self.admin.get_message(&self.stream, selector).await {
            // In a stream that was made anew it is another message.
            Ok(stored) if stored.published_at <= told_at => stored,
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (stream, consumer) = (told.stream, told.consumer);
        let info =
            DeliveryInfo::new(stream, consumer, stored.sequence, 0, told.deliveries, 0, stored.published_at);
        Ok(Some((stored, info)))
    }

    /// Takes a message out of its stream if nobody else is to have it. Of one that is kept by interest others may need it.
    async fn remove(&self, sequence: u64) -> Result<()> {
        if self.retention != Retention::WorkQueue {
            return Ok(());
        }
        match self.admin.delete_message(&self.stream, sequence).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// What has died without a worker, if the binding sweeps it up.
    pub(super) async fn next_swept(sweep: &mut Option<Sweep>) -> Result<Vec<Delivery>> {
        match sweep {
            Some(sweep) => sweep.next().await,
            None => std::future::pending().await,
        }
    }

    /// Keeps what has died without a worker.
    pub(super) async fn swept(&mut self, swept: Result<Vec<Delivery>>) {
        let swept = match swept {
            Ok(swept) => swept,
            Err(error) => {
                tracing::warn!(%error, "messages that died without a worker cannot be swept up now");
                if error.retry() == Retry::Never {
                    self.sweep = None;
                }
                return;
            }
        };
        self.moment.refresh();
        for delivery in swept {
            self.sweep_up(delivery).await;
        }
    }

    async fn sweep_up(&mut self, delivery: Delivery) {
        let info = delivery.info();
        let (id, deliveries) = (info.stream_sequence, info.attempt);
        if self.held.contains_key(&id) {
            // Its handler still runs here, or its letter is on its way.
            let has_delays = self.bound.capabilities.has(Capability::NakDelay);
            let later = if has_delays { Settlement::nak_after(self.lease()) } else { Settlement::nak() };
            let debt = Debt::new(info, later);
            return self.settle_one(delivery, debt).await;
        }
        if let Some(debt) = self.owed.take(info) {
            return self.settle_one(delivery, debt).await;
        }
        if DeadLetters::is_for_another(&*delivery) {
            return self.skip(delivery).await;
        }
        let reason = format!(
            "it was delivered {deliveries} times, as often as its consumer does, and settled by nobody"
        );
        let held = Held::new(delivery, None, self.moment.now());
        self.give_up(id, held, Failure::reject(reason)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(stream: &str, consumer: &str) -> ConsumerInfo {
        let (stream, name) = (StreamName::new(stream).unwrap(), ConsumerName::new(consumer).unwrap());
        let config = ConsumerConfig::durable(consumer).unwrap();
        ConsumerInfo::new(stream, name, config, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn no_two_consumers_share_a_name() {
        assert_ne!(name_of(&info("a-b", "c")), name_of(&info("a", "b-c")));
        let long = "n".repeat(ConsumerName::MAX_LEN);
        assert!(ConsumerName::new(name_of(&info(&long, &long))).is_ok());
    }
}
