//! What a consumer is asked to be: [`ConsumerConfig`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AckPolicy, DeliverPolicy, PriorityGroup, PriorityPolicy, ReplayPolicy};
use crate::admin::Difference;
use crate::admin::difference::{Comparison, consumer_differs};
use crate::config::{Limit, duration};
use crate::name::{ConsumerName, StreamName};
use crate::subject::SubjectFilter;
use crate::{Error, Result};

/// Where a consumer starts, which messages it sees, and how long and how often each one is tried.
///
/// A field that is not given has its default, also in a configuration file, where an unknown key is an error.
/// Whether all fields fit together is checked by [`validate`](Self::validate), which every backend calls.
///
/// ```
/// use std::time::Duration;
///
/// use pubsub_core::{ConsumerConfig, DeliverPolicy};
///
/// let users = ConsumerConfig::durable("ride_pickup_users")?
///     .with_filter("ride.pickup")?
///     .with_ack_wait(Duration::from_secs(10))
///     .with_max_deliver(5);
/// users.validate()?;
///
/// let read: ConsumerConfig = serde_json::from_str(
///     r#"{"name": "ride_pickup_users", "filters": ["ride.pickup"], "ack_wait": "10s", "max_deliver": 5}"#,
/// )?;
/// assert_eq!(read, users);
///
/// let tail = ConsumerConfig::ephemeral().with_deliver(DeliverPolicy::New);
/// tail.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConsumerConfig {
    /// The name, unique in its stream. An ephemeral consumer may leave it to the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ConsumerName>,
    /// Whether it stays when nobody uses it. In configuration by default true.
    #[serde(default = "default::durable")]
    pub durable: bool,
    /// For people; up to 4,096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The subjects that it sees; none for all. No two may overlap. A filter outside the stream's subjects is allowed
    /// and matches nothing.
    #[serde(default)]
    pub filters: Vec<SubjectFilter>,
    /// Where it starts.
    #[serde(default)]
    pub deliver: DeliverPolicy,
    /// Which deliveries must be acknowledged.
    #[serde(default)]
    pub ack: AckPolicy,
    /// After how long an unsettled delivery comes again; by default 30 s.
    #[serde(default = "default::ack_wait", with = "duration")]
    pub ack_wait: Duration,
    /// How often one message is delivered at most, the first time included; by default 3. Then it stays in the stream,
    /// unseen by this consumer.
    #[serde(default = "default::max_deliver")]
    pub max_deliver: Limit<u32>,
    /// How many deliveries may be unsettled at once, over all instances; by default 1,000. Those that wait for a delayed
    /// redelivery count too.
    #[serde(default = "default::max_ack_pending")]
    pub max_ack_pending: Limit<u32>,
    /// After how long without use it is deleted. See
    /// [`effective_inactive_threshold`](Self::effective_inactive_threshold) for `None`.
    #[serde(default, with = "duration::option", skip_serializing_if = "Option::is_none")]
    pub inactive_threshold: Option<Duration>,
    /// After how long the first, second, ... unsettled delivery comes again, in place of `ack_wait`; the last one for all
    /// that follow. It takes a `max_deliver` of at least as many. A nak does not wait for it.
    #[serde(default, with = "duration::list", skip_serializing_if = "Vec::is_empty")]
    pub backoff: Vec<Duration>,
    /// How fast messages come.
    #[serde(default, skip_serializing_if = "is_instant")]
    pub replay: ReplayPolicy,
    /// Whether messages come without their payload; its size is then in the header `Nats-Msg-Size`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub headers_only: bool,
    /// Which of those who ask gets the next message; `None` for each in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<PriorityGroup>,
    /// Notes for programs. Keys that begin with `_nats.` belong to the broker.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

fn is_instant(replay: &ReplayPolicy) -> bool {
    *replay == ReplayPolicy::Instant
}

impl ConsumerConfig {
    /// The default of [`ack_wait`](Self::ack_wait): 30 s.
    pub const DEFAULT_ACK_WAIT: Duration = Duration::from_secs(30);
    /// The default of [`max_deliver`](Self::max_deliver): 3.
    pub const DEFAULT_MAX_DELIVER: u32 = 3;
    /// The default of [`max_ack_pending`](Self::max_ack_pending): 1,000.
    pub const DEFAULT_MAX_ACK_PENDING: u32 = 1000;
    /// The default of [`inactive_threshold`](Self::inactive_threshold) for an ephemeral consumer: 5 s.
    pub const DEFAULT_INACTIVE_THRESHOLD: Duration = Duration::from_secs(5);

    /// A consumer that stays, with its position, until it is deleted; several instances may share it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name.
    pub fn durable<N>(name: N) -> Result<Self>
    where
        N: TryInto<ConsumerName, Error: Into<Error>>,
    {
        let name = name.try_into().map_err(Into::into)?;
        Ok(Self { name: Some(name), durable: true, ..Self::ephemeral() })
    }

    /// A consumer that the broker names, and deletes after 5 s without use.
    #[must_use]
    pub fn ephemeral() -> Self {
        Self {
            name: None,
            durable: false,
            description: None,
            filters: Vec::new(),
            deliver: DeliverPolicy::default(),
            ack: AckPolicy::default(),
            ack_wait: default::ack_wait(),
            max_deliver: default::max_deliver(),
            max_ack_pending: default::max_ack_pending(),
            inactive_threshold: None,
            backoff: Vec::new(),
            replay: ReplayPolicy::default(),
            headers_only: false,
            priority: None,
            metadata: BTreeMap::new(),
        }
    }

    /// Sets [`name`](Self::name), also for an ephemeral consumer.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name.
    pub fn with_name<N>(mut self, name: N) -> Result<Self>
    where
        N: TryInto<ConsumerName, Error: Into<Error>>,
    {
        self.name = Some(name.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Sets [`description`](Self::description).
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a filter to [`filters`](Self::filters).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal filter.
    pub fn with_filter<F>(self, filter: F) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        self.with_filters([filter])
    }

    /// Adds filters to [`filters`](Self::filters).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal filter.
    pub fn with_filters<F>(mut self, filters: impl IntoIterator<Item = F>) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        for filter in filters {
            self.filters.push(filter.try_into().map_err(Into::into)?);
        }
        Ok(self)
    }

    /// Sets [`deliver`](Self::deliver).
    #[must_use]
    pub fn with_deliver(mut self, deliver: DeliverPolicy) -> Self {
        self.deliver = deliver;
        self
    }

    /// Sets [`ack`](Self::ack).
    #[must_use]
    pub fn with_ack(mut self, ack: AckPolicy) -> Self {
        self.ack = ack;
        self
    }

    /// Sets [`ack_wait`](Self::ack_wait).
    #[must_use]
    pub fn with_ack_wait(mut self, ack_wait: Duration) -> Self {
        self.ack_wait = ack_wait;
        self
    }

    /// Sets [`max_deliver`](Self::max_deliver).
    #[must_use]
    pub fn with_max_deliver(mut self, max_deliver: impl Into<Limit<u32>>) -> Self {
        self.max_deliver = max_deliver.into();
        self
    }

    /// Sets [`max_ack_pending`](Self::max_ack_pending).
    #[must_use]
    pub fn with_max_ack_pending(mut self, max_ack_pending: impl Into<Limit<u32>>) -> Self {
        self.max_ack_pending = max_ack_pending.into();
        self
    }

    /// Sets [`inactive_threshold`](Self::inactive_threshold).
    #[must_use]
    pub fn with_inactive_threshold(mut self, inactive_threshold: Duration) -> Self {
        self.inactive_threshold = Some(inactive_threshold);
        self
    }

    /// Sets [`backoff`](Self::backoff).
    #[must_use]
    pub fn with_backoff(mut self, backoff: impl IntoIterator<Item = Duration>) -> Self {
        self.backoff = backoff.into_iter().collect();
        self
    }

    /// Sets [`replay`](Self::replay).
    #[must_use]
    pub fn with_replay(mut self, replay: ReplayPolicy) -> Self {
        self.replay = replay;
        self
    }

    /// Switches [`headers_only`](Self::headers_only) on.
    #[must_use]
    pub fn with_headers_only(mut self) -> Self {
        self.headers_only = true;
        self
    }

    /// Sets [`priority`](Self::priority).
    #[must_use]
    pub fn with_priority(mut self, group: PriorityGroup) -> Self {
        self.priority = Some(group);
        self
    }

    /// Adds a note to [`metadata`](Self::metadata).
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// After how long the first unsettled delivery comes again: the first of `backoff`, or `ack_wait`. With a backoff,
    /// a server shows it as the consumer's `ack_wait`.
    #[must_use]
    pub fn effective_ack_wait(&self) -> Duration {
        self.backoff.first().copied().unwrap_or(self.ack_wait)
    }

    /// After how long without use it is deleted: what is set, or 5 s for an ephemeral consumer (as nats-server 2.15.1
    /// does), or `None`, never, for a durable one.
    #[must_use]
    pub fn effective_inactive_threshold(&self) -> Option<Duration> {
        self.inactive_threshold.or((!self.durable).then_some(Self::DEFAULT_INACTIVE_THRESHOLD))
    }

    /// Whether the consumer sees what its stream stores on this subject. Without filters it sees everything.
    #[must_use]
    pub fn sees(&self, subject: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| filter.matches(subject))
    }

    /// Whether this attempt (from 1) to deliver a message is the last, by [`max_deliver`](Self::max_deliver).
    #[must_use]
    pub fn is_last(&self, attempt: u64) -> bool {
        self.max_deliver.at().is_some_and(|max| attempt >= u64::from(max))
    }

    /// In which fields `existing` is not what `self` asks for, by their meaning: the order of filters does not matter,
    /// `>` is the same as no filter, what is not set counts as the value that applies, and without acks `ack_wait` and
    /// `max_ack_pending` mean nothing. Names are not compared.
    #[must_use]
    pub fn differences(&self, existing: &Self) -> Vec<Difference> {
        let mut found = Comparison::default();
        found.field("durable", &existing.durable, &self.durable, ToString::to_string);
        found.description(existing.description.as_deref(), self.description.as_deref());
        found.filters("filters", existing.effective_filters(), self.effective_filters(), "all");
        found.field("deliver", &existing.deliver, &self.deliver, ToString::to_string);
        found.field("ack", &existing.ack, &self.ack, ToString::to_string);
        if (existing.ack, self.ack) != (AckPolicy::None, AckPolicy::None) {
            found.field("ack_wait", &existing.effective_ack_wait(), &self.effective_ack_wait(), |wait| {
                duration::format(*wait)
            });
            found.field("backoff", &existing.backoff, &self.backoff, |waits| {
                let waits: Vec<_> = waits.iter().map(|wait| duration::format(*wait)).collect();
                if waits.is_empty() { "none".to_owned() } else { format!("[{}]", waits.join(", ")) }
            });
            found.field(
                "max_ack_pending",
                &existing.max_ack_pending,
                &self.max_ack_pending,
                ToString::to_string,
            );
        }
        found.field("max_deliver", &existing.max_deliver, &self.max_deliver, ToString::to_string);
        found.field(
            "inactive_threshold",
            &existing.effective_inactive_threshold(),
            &self.effective_inactive_threshold(),
            |threshold| threshold.map_or_else(|| "never".to_owned(), duration::format),
        );
        found.field("replay", &existing.replay, &self.replay, ToString::to_string);
        found.field("headers_only", &existing.headers_only, &self.headers_only, ToString::to_string);
        found.field("priority", &existing.effective_priority(), &self.effective_priority(), |group| {
            group.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
        });
        found.metadata(&existing.metadata, &self.metadata);
        found.differences
    }

    /// For backends and provisioning: that a consumer of `stream` which exists is what `self` asks for, by
    /// [`differences`](Self::differences).
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) (10148), which lists every difference.
    pub fn must_equal(&self, stream: &StreamName, existing: &Self) -> Result<()> {
        match self.differences(existing).as_slice() {
            [] => Ok(()),
            differences => Err(self.differs(stream, differences)),
        }
    }

    /// The error for a consumer that exists and differs: [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists)
    /// (10148), which lists every difference.
    #[must_use]
    pub fn differs(&self, stream: &StreamName, differences: &[Difference]) -> Error {
        consumer_differs(stream, self.name.as_ref(), differences)
    }

    /// Where nobody is pinned, the time of a pin means nothing.
    fn effective_priority(&self) -> Option<PriorityGroup> {
        let mut group = self.priority.clone()?;
        if group.policy != PriorityPolicy::Pinned {
            group.pin_timeout = PriorityGroup::DEFAULT_PIN_TIMEOUT;
        }
        Some(group)
    }

    fn effective_filters(&self) -> &[SubjectFilter] {
        match self.filters.as_slice() {
            [only] if only.as_str() == ">" => &[],
            filters => filters,
        }
    }
}

/// For serde, which takes functions.
mod default {
    use super::{ConsumerConfig, Duration, Limit};

    pub(super) const fn durable() -> bool {
        true
    }

    pub(super) const fn ack_wait() -> Duration {
        ConsumerConfig::DEFAULT_ACK_WAIT
    }

    pub(super) const fn max_deliver() -> Limit<u32> {
        Limit::At(ConsumerConfig::DEFAULT_MAX_DELIVER)
    }

    pub(super) const fn max_ack_pending() -> Limit<u32> {
        Limit::At(ConsumerConfig::DEFAULT_MAX_ACK_PENDING)
    }
}
