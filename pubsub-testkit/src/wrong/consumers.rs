//! Flaws in what a consumer's configuration comes to. The configuration that is told is the one that was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pubsub_core::config::duration;
use pubsub_core::{
    AckPolicy, Broker, Consumer, ConsumerConfig, ConsumerInfo, ConsumerName, DeliverPolicy, Delivery,
    ErrorKind, Limit, Message, ReplayPolicy, Result, Settlement, SettlementKind, StreamAdmin, StreamConfig,
    StreamName, SubjectFilter,
};
use tokio::time::Instant;

use super::Tamper;

/// A configuration that is changed on its way, by a flaw of that name.
macro_rules! misread {
    ($($(#[doc = $doc:literal])+ $name:ident = |$config:ident| $change:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub(super) struct $name;

        #[async_trait]
        impl Tamper for $name {
            async fn create_consumer(
                &self,
                admin: &dyn StreamAdmin,
                stream: &StreamName,
                asked: ConsumerConfig,
            ) -> Result<ConsumerInfo> {
                let mut $config = asked.clone();
                $change;
                let mut info = admin.create_consumer(stream, $config).await?;
                info.config = asked;
                Ok(info)
            }
        }
    )+};
}

misread! {
    /// The likely cause: a setting that the backend has no place for.
    IgnoresMaxDeliver = |config| config.max_deliver = Limit::Unlimited;
    /// The likely cause: "more than" where "as many as" is meant.
    DeliversOnceTooOften = |config| if let Limit::At(most @ 1..) = config.max_deliver {
        config.max_deliver = Limit::At(most + 1);
    };
    /// The likely cause: one wait for all attempts.
    IgnoresBackoff = |config| config.backoff.clear();
    /// The likely cause: a setting that changes what is stored, and not what is sent.
    SendsPayloads = |config| config.headers_only = false;
    /// The likely cause: a log that is read as fast as it can be.
    ReplaysAtOnce = |config| config.replay = ReplayPolicy::Instant;
    /// The likely cause: zero that stands for "no bound" somewhere below.
    TakesZeroDeliveries = |config| {
        if config.max_deliver == Limit::At(0) {
            config.max_deliver = Limit::Unlimited;
        }
    };
    /// The likely cause: a number that is cut to what its field can hold.
    ShortensWhatIsTooLong = |config| config.ack_wait = config.ack_wait.min(duration::MAX);
    /// The likely cause: filters that are the client's business, which forgets them.
    IgnoresFilters = |config| config.filters = vec![SubjectFilter::all()];
    /// The likely cause: a matcher that knows one wildcard.
    StarMatchesTheRest = |config| config.filters = config.filters.iter().map(with_rest).collect();
    /// The likely cause: a setting that is only looked at by the push variant.
    IgnoresTheStart = |config| config.deliver = DeliverPolicy::All;
    /// The likely cause: "from" read as "after".
    StartsOneTooLate = |config| {
        if let DeliverPolicy::FromSequence(sequence) = config.deliver {
            config.deliver = DeliverPolicy::FromSequence(sequence + 1);
        }
    };
    /// The likely cause: a bound that each handle counts for itself.
    IgnoresMaxAckPending = |config| config.max_ack_pending = Limit::Unlimited;
    /// The likely cause: seconds where milliseconds are meant.
    WaitsTooLong = |config| config.ack_wait *= 1000;
    /// The likely cause: a field of whole seconds.
    RoundsAckWaits = |config| config.ack_wait = whole_seconds(config.ack_wait);
    /// The likely cause: a sweep that is left for later.
    KeepsUnusedReaders = |config| {
        config.inactive_threshold = config.inactive_threshold.map(|_| Duration::from_secs(24 * 3600));
    };
    /// The likely cause: a start that needs an index which is not there.
    LastIsTheLastOfAll = |config| if config.deliver == DeliverPolicy::LastPerSubject {
        config.deliver = DeliverPolicy::Last;
    };
    /// The likely cause: a place for one filter.
    KnowsOneFilter = |config| config.filters.truncate(1);
    /// The likely cause: a prefix that is compared without its last dot.
    RestMatchesNothingToo = |config| {
        let without = config.filters.iter().filter_map(|filter| filter.as_str().strip_suffix(".>"));
        let without: Vec<_> = without.filter_map(|filter| SubjectFilter::new(filter).ok()).collect();
        config.filters.extend(without);
    };
    /// The likely cause: a map that the broker's interface has no place for.
    ForgetsNotesOfConsumers = |config| config.metadata.clear();
    /// The likely cause: one position instead of one lease per message.
    AcksAllBefore = |config| {
        if config.ack == AckPolicy::Explicit {
            config.ack = AckPolicy::All;
        }
    };
    /// The likely cause: a policy that is declared and not done.
    AcksNothingBefore = |config| {
        if config.ack == AckPolicy::All {
            config.ack = AckPolicy::Explicit;
        }
    };
}

/// Not less than asked for.
pub(super) fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

fn with_rest(filter: &SubjectFilter) -> SubjectFilter {
    let rest = filter.as_str().split_once('*').map(|(before, _)| format!("{before}>"));
    rest.and_then(|rest| SubjectFilter::new(rest).ok()).unwrap_or_else(|| filter.clone())
}

/// The likely cause: "create" that means "get, or create".
#[derive(Debug)]
pub(super) struct TakesWhatThereIs;

#[async_trait]
impl Tamper for TakesWhatThereIs {
    async fn create_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        match admin.create_consumer(stream, config.clone()).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match &config.name {
                Some(name) => admin.consumer_info(stream, name).await,
                None => Err(error),
            },
            outcome => outcome,
        }
    }
}

/// The likely cause: a changed configuration that is brought in by deleting what was there.
#[derive(Debug)]
pub(super) struct StartsOverWhenChanged;

#[async_trait]
impl Tamper for StartsOverWhenChanged {
    async fn create_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        match (admin.create_consumer(stream, config.clone()).await, &config.name) {
            (Err(error), Some(name)) if error.kind() == ErrorKind::AlreadyExists => {
                admin.delete_consumer(stream, name).await?;
                admin.create_consumer(stream, config).await
            }
            (outcome, _) => outcome,
        }
    }
}

/// The likely cause: a convenience for demonstrations.
#[derive(Debug)]
pub(super) struct MakesMissingStreams;

#[async_trait]
impl Tamper for MakesMissingStreams {
    async fn create_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        match admin.create_consumer(stream, config.clone()).await {
            Err(error) if error.broker_code() == Some(10059) => {
                let made = StreamConfig::new(stream.clone(), [format!("{stream}.>")])?;
                admin.create_stream(made).await?;
                admin.create_consumer(stream, config).await
            }
            outcome => outcome,
        }
    }
}

/// The likely cause: a position that is kept in the process.
#[derive(Debug)]
pub(super) struct StartsOverWhenOpened;

#[async_trait]
impl Tamper for StartsOverWhenOpened {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        if let Some(admin) = inner.admin() {
            let config = admin.consumer_info(stream, consumer).await?.config;
            admin.delete_consumer(stream, consumer).await?;
            admin.create_consumer(stream, config).await?;
        }
        inner.consumer(stream, consumer).await
    }
}

/// The likely cause: a client that tidies up after itself.
#[derive(Debug, Default)]
pub(super) struct DeletesItsConsumers {
    opened: Mutex<Vec<(StreamName, ConsumerName)>>,
}

#[async_trait]
impl Tamper for DeletesItsConsumers {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        let handle = inner.consumer(stream, consumer).await?;
        let opened = (stream.clone(), consumer.clone());
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(opened);
        Ok(handle)
    }

    async fn close(&self, inner: &dyn Broker) -> Result<()> {
        let opened = std::mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner));
        for (stream, consumer) in opened {
            if let Some(admin) = inner.admin() {
                // One that is gone already is as good.
                let _ = admin.delete_consumer(&stream, &consumer).await;
            }
        }
        inner.close().await
    }
}

/// The likely cause: a consumer for each handle, under a name that nobody looks for.
#[derive(Debug)]
pub(super) struct LeavesConsumers;

#[async_trait]
impl Tamper for LeavesConsumers {
    async fn open(
        &self,
        inner: &dyn Broker,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Arc<dyn Consumer>> {
        let handle = inner.consumer(stream, consumer).await?;
        if let Some(admin) = inner.admin() {
            let shadow = ConsumerConfig::durable(ConsumerName::new(format!("shadow-{consumer}"))?)?;
            // Where it is not allowed, there is none.
            let _ = admin.create_consumer(stream, shadow).await;
        }
        Ok(handle)
    }
}

/// The likely cause: a counter that was never filled in.
#[derive(Debug)]
pub(super) struct CountsNothingPending;

impl Tamper for CountsNothingPending {
    fn consumer_info(&self, mut info: ConsumerInfo) -> ConsumerInfo {
        info.pending = 0;
        info
    }
}

/// The likely cause: a local deadline that is taken for the server's.
#[derive(Debug, Default)]
pub(super) struct DropsLateAcks {
    waits: Mutex<HashMap<ConsumerName, Duration>>,
    came: Mutex<HashMap<(ConsumerName, u64), Instant>>,
}

#[async_trait]
impl Tamper for DropsLateAcks {
    async fn create_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        let info = admin.create_consumer(stream, config).await?;
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.insert(info.name.clone(), info.config.ack_wait);
        Ok(info.clone())
    }

    async fn batch(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        for delivery in &deliveries {
            let info = delivery.info();
            came.insert((info.consumer.clone(), info.consumer_sequence), Instant::now());
        }
        drop(came);
        deliveries
    }

    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let info = message.info();
        let key = (info.consumer.clone(), info.consumer_sequence);
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        let wait = self.waits.lock().unwrap_or_else(PoisonError::into_inner).get(&key.0).copied();
        if came.zip(wait).is_some_and(|(came, wait)| came.elapsed() > wait) {
            return Ok(());
        }
        message.settle(settlement).await
    }
}

/// The likely cause: exhausted messages that are cleared away.
#[derive(Debug, Default)]
pub(super) struct ClearsExhausted {
    most: Mutex<HashMap<ConsumerName, u32>>,
}

#[async_trait]
impl Tamper for ClearsExhausted {
    async fn create_consumer(
        &self,
        admin: &dyn StreamAdmin,
        stream: &StreamName,
        config: ConsumerConfig,
    ) -> Result<ConsumerInfo> {
        let info = admin.create_consumer(stream, config).await?;
        if let Limit::At(most) = info.config.max_deliver {
            self.most.lock().unwrap_or_else(PoisonError::into_inner).insert(info.name.clone(), most);
        }
        Ok(info)
    }

    async fn settle(&self, message: Box<dyn Message>, settlement: Settlement) -> Result<()> {
        let info = message.info();
        let most = self.most.lock().unwrap_or_else(PoisonError::into_inner).get(&info.consumer).copied();
        let last = most.is_some_and(|most| info.attempt >= u64::from(most));
        let nakked = matches!(settlement.kind(), SettlementKind::Nak { .. });
        message.settle(if last && nakked { Settlement::term() } else { settlement }).await
    }
}
