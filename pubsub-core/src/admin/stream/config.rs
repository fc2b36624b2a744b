//! What a stream is asked to be: [`StreamConfig`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Discard, Republish, Retention, Storage};
use crate::admin::Difference;
use crate::admin::difference::{Comparison, stream_differs};
use crate::config::{Limit, duration, size};
use crate::name::StreamName;
use crate::subject::{SubjectFilter, SubjectTransform};
use crate::{Error, Result};

/// What a stream stores, for how long, and what happens when it is full. Limits are finite unless
/// [`Limit::Unlimited`] is said.
///
/// A limit that is not given has its default, also in a configuration file, where an unknown key is an error.
/// Whether all fields fit together is checked by [`validate`](Self::validate), which every backend calls.
///
/// ```
/// use std::time::Duration;
///
/// use pubsub_core::{Discard, Limit, Retention, StreamConfig};
///
/// let rides = StreamConfig::new("RIDE", ["ride.>"])?
///     .with_retention(Retention::Interest)
///     .with_max_age(Duration::from_secs(7 * 86_400))
///     .with_max_messages(Limit::Unlimited)
///     .with_discard(Discard::New)
///     .with_duplicate_window(Duration::from_secs(300));
/// rides.validate()?;
///
/// let read: StreamConfig = serde_json::from_str(
///     r#"{
///         "name": "RIDE", "subjects": ["ride.>"], "retention": "interest", "max_age": "7d",
///         "max_messages": "unlimited", "discard": "new", "duplicate_window": "5m"
///     }"#,
/// )?;
/// assert_eq!(read, rides);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as in JetStream")]
pub struct StreamConfig {
    /// The name, unique in the account.
    pub name: StreamName,
    /// The subjects that it stores. No two may overlap, nor may those of another stream.
    pub subjects: Vec<SubjectFilter>,
    /// For people; up to 4,096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What lets a message leave, besides the limits.
    #[serde(default)]
    pub retention: Retention,
    /// Where messages are kept.
    #[serde(default)]
    pub storage: Storage,
    /// How many servers of a cluster keep each message: 1 to 5, by default 1.
    #[serde(default = "default::replicas")]
    pub replicas: u8,
    /// How old a message may become; at least 100 ms, by default 24 h.
    #[serde(default = "default::max_age")]
    pub max_age: Limit<Duration>,
    /// How many bytes the stream may hold; by default 100 MB.
    #[serde(default = "default::max_bytes", with = "size::limit")]
    pub max_bytes: Limit<u64>,
    /// How many messages the stream may hold; by default 1,000,000.
    #[serde(default = "default::max_messages")]
    pub max_messages: Limit<u64>,
    /// How many messages it may hold on one subject; by default unlimited.
    #[serde(default = "default::max_messages_per_subject")]
    pub max_messages_per_subject: Limit<u64>,
    /// How many bytes one message may have, headers included; up to 2 GiB - 1, by default unlimited (the broker has a
    /// limit of its own for every message).
    #[serde(default = "default::max_message_size", with = "size::limit")]
    pub max_message_size: Limit<u32>,
    /// How many consumers it may have; by default unlimited.
    #[serde(default = "default::max_consumers")]
    pub max_consumers: Limit<u32>,
    /// What a full stream does.
    #[serde(default)]
    pub discard: Discard,
    /// For how long a message id is remembered: at least 100 ms and at most `max_age`. See
    /// [`effective_duplicate_window`](Self::effective_duplicate_window) for `None`.
    #[serde(default, with = "duration::option", skip_serializing_if = "Option::is_none")]
    pub duplicate_window: Option<Duration>,
    /// Whether [`Discard::New`] also refuses a message whose subject is full; it then takes
    /// [`max_messages_per_subject`](Self::max_messages_per_subject). Otherwise the oldest of that subject goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discard_new_per_subject: bool,
    /// Whether messages may have a [time to live](crate::TimeToLive) of their own. Once allowed, always allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_message_ttl: bool,
    /// For how long a marker tells that the last message of a subject has expired by `max_age`: a message without payload,
    /// with the header `Nats-Marker-Reason`. At least 1 s; takes `allow_message_ttl`. None by default.
    #[serde(default, with = "duration::option", skip_serializing_if = "Option::is_none")]
    pub subject_delete_marker_ttl: Option<Duration>,
    /// Whether messages may [replace](crate::Rollup) those before them. See
    /// [`effective_allow_rollup`](Self::effective_allow_rollup).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_rollup: bool,
    /// Whether messages may be [schedules](crate::Schedule). Once allowed, always allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_schedules: bool,
    /// Whether [`publish_atomic`](crate::Publisher::publish_atomic) is allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_atomic_batches: bool,
    /// Whether messages may be confirmed many at once ([`Confirm::StoredOnly`](crate::Confirm::StoredOnly)).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_fast_batches: bool,
    /// What subjects become before their messages are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_transform: Option<SubjectTransform>,
    /// What is published again when it has been stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub republish: Option<Republish>,
    /// Notes for programs. Keys that begin with `_nats.` belong to the broker.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl StreamConfig {
    /// The default of [`replicas`](Self::replicas): 1.
    pub const DEFAULT_REPLICAS: u8 = 1;
    /// The default of [`max_age`](Self::max_age): 24 h.
    pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
    /// The default of [`max_bytes`](Self::max_bytes): 100 MB.
    pub const DEFAULT_MAX_BYTES: u64 = 100_000_000;
    /// The default of [`max_messages`](Self::max_messages): 1,000,000.
    pub const DEFAULT_MAX_MESSAGES: u64 = 1_000_000;
    /// The default of [`duplicate_window`](Self::duplicate_window): 2 min, or `max_age` if that is shorter.
    pub const DEFAULT_DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

    /// A stream of this name over these subjects, with every default.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal name or filter. How the subjects fit
    /// together is for [`validate`](Self::validate) to say.
    pub fn new<N, F>(name: N, subjects: impl IntoIterator<Item = F>) -> Result<Self>
    where
        N: TryInto<StreamName, Error: Into<Error>>,
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        let subjects = subjects.into_iter().map(|subject| subject.try_into().map_err(Into::into));
        Ok(Self {
            name: name.try_into().map_err(Into::into)?,
            subjects: subjects.collect::<Result<_>>()?,
            description: None,
            retention: Retention::default(),
            storage: Storage::default(),
            replicas: default::replicas(),
            max_age: default::max_age(),
            max_bytes: default::max_bytes(),
            max_messages: default::max_messages(),
            max_messages_per_subject: default::max_messages_per_subject(),
            max_message_size: default::max_message_size(),
            max_consumers: default::max_consumers(),
            discard: Discard::default(),
            duplicate_window: None,
            discard_new_per_subject: false,
            allow_message_ttl: false,
            subject_delete_marker_ttl: None,
            allow_rollup: false,
            allow_schedules: false,
            allow_atomic_batches: false,
            allow_fast_batches: false,
            subject_transform: None,
            republish: None,
            metadata: BTreeMap::new(),
        })
    }

    /// Sets [`description`](Self::description).
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets [`retention`](Self::retention).
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Sets [`storage`](Self::storage).
    #[must_use]
    pub fn with_storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Sets [`replicas`](Self::replicas).
    #[must_use]
    pub fn with_replicas(mut self, replicas: u8) -> Self {
        self.replicas = replicas;
        self
    }

    /// Sets [`max_age`](Self::max_age).
    #[must_use]
    pub fn with_max_age(mut self, max_age: impl Into<Limit<Duration>>) -> Self {
        self.max_age = max_age.into();
        self
    }

    /// Sets [`max_bytes`](Self::max_bytes).
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: impl Into<Limit<u64>>) -> Self {
        self.max_bytes = max_bytes.into();
        self
    }

    /// Sets [`max_messages`](Self::max_messages).
    #[must_use]
    pub fn with_max_messages(mut self, max_messages: impl Into<Limit<u64>>) -> Self {
        self.max_messages = max_messages.into();
        self
    }

    /// Sets [`max_messages_per_subject`](Self::max_messages_per_subject).
    #[must_use]
    pub fn with_max_messages_per_subject(mut self, max_messages: impl Into<Limit<u64>>) -> Self {
        self.max_messages_per_subject = max_messages.into();
        self
    }

    /// Sets [`max_message_size`](Self::max_message_size).
    #[must_use]
    pub fn with_max_message_size(mut self, max_message_size: impl Into<Limit<u32>>) -> Self {
        self.max_message_size = max_message_size.into();
        self
    }

    /// Sets [`max_consumers`](Self::max_consumers).
    #[must_use]
    pub fn with_max_consumers(mut self, max_consumers: impl Into<Limit<u32>>) -> Self {
        self.max_consumers = max_consumers.into();
        self
    }

    /// Sets [`discard`](Self::discard).
    #[must_use]
    pub fn with_discard(mut self, discard: Discard) -> Self {
        self.discard = discard;
        self
    }

    /// Sets [`duplicate_window`](Self::duplicate_window).
    #[must_use]
    pub fn with_duplicate_window(mut self, duplicate_window: Duration) -> Self {
        self.duplicate_window = Some(duplicate_window);
        self
    }

    /// For how long a message id is remembered: what is set, or 2 min, or `max_age` if that is shorter (as
    /// nats-server 2.15.1 does).
    #[must_use]
    pub fn effective_duplicate_window(&self) -> Duration {
        self.duplicate_window.unwrap_or_else(|| match self.max_age {
            Limit::Unlimited => Self::DEFAULT_DUPLICATE_WINDOW,
            Limit::At(max_age) => max_age.min(Self::DEFAULT_DUPLICATE_WINDOW),
        })
    }

    /// Whether the stream stores what is published to this subject.
    #[must_use]
    pub fn takes(&self, subject: &str) -> bool {
        self.subjects.iter().any(|taken| taken.matches(subject))
    }

    /// Switches [`discard_new_per_subject`](Self::discard_new_per_subject) on.
    #[must_use]
    pub fn with_discard_new_per_subject(mut self) -> Self {
        self.discard_new_per_subject = true;
        self
    }

    /// Switches [`allow_message_ttl`](Self::allow_message_ttl) on.
    #[must_use]
    pub fn with_allow_message_ttl(mut self) -> Self {
        self.allow_message_ttl = true;
        self
    }

    /// Switches [`allow_rollup`](Self::allow_rollup) on.
    #[must_use]
    pub fn with_allow_rollup(mut self) -> Self {
        self.allow_rollup = true;
        self
    }

    /// Switches [`allow_schedules`](Self::allow_schedules) on.
    #[must_use]
    pub fn with_allow_schedules(mut self) -> Self {
        self.allow_schedules = true;
        self
    }

    /// Switches [`allow_atomic_batches`](Self::allow_atomic_batches) on.
    #[must_use]
    pub fn with_allow_atomic_batches(mut self) -> Self {
        self.allow_atomic_batches = true;
        self
    }

    /// Switches [`allow_fast_batches`](Self::allow_fast_batches) on.
    #[must_use]
    pub fn with_allow_fast_batches(mut self) -> Self {
        self.allow_fast_batches = true;
        self
    }

    /// Sets [`subject_delete_marker_ttl`](Self::subject_delete_marker_ttl).
    #[must_use]
    pub fn with_subject_delete_marker_ttl(mut self, ttl: Duration) -> Self {
        self.subject_delete_marker_ttl = Some(ttl);
        self
    }

    /// Sets [`subject_transform`](Self::subject_transform).
    #[must_use]
    pub fn with_subject_transform(mut self, transform: SubjectTransform) -> Self {
        self.subject_transform = Some(transform);
        self
    }

    /// Sets [`republish`](Self::republish).
    #[must_use]
    pub fn with_republish(mut self, republish: Republish) -> Self {
        self.republish = Some(republish);
        self
    }

    /// Adds a note to [`metadata`](Self::metadata).
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Whether messages may replace those before them: also where markers or schedules are allowed, which need it.
    #[must_use]
    pub fn effective_allow_rollup(&self) -> bool {
        self.allow_rollup || self.allow_schedules || self.subject_delete_marker_ttl.is_some()
    }

    /// In which fields `existing` is not what `self` asks for, by their meaning: the order of subjects does not matter,
    /// and a duplicate window that is not set counts as the one that applies. Names are not compared.
    #[must_use]
    pub fn differences(&self, existing: &Self) -> Vec<Difference> {
        let mut found = Comparison::default();
        found.filters("subjects", &existing.subjects, &self.subjects, "none");
        found.description(existing.description.as_deref(), self.description.as_deref());
        found.field("retention", &existing.retention, &self.retention, ToString::to_string);
        found.field("storage", &existing.storage, &self.storage, ToString::to_string);
        found.field("replicas", &existing.replicas, &self.replicas, ToString::to_string);
        found.field("max_age", &existing.max_age, &self.max_age, ToString::to_string);
        found.field("max_bytes", &existing.max_bytes, &self.max_bytes, |limit| size::limit::format(*limit));
        found.field("max_messages", &existing.max_messages, &self.max_messages, ToString::to_string);
        found.field(
            "max_messages_per_subject",
            &existing.max_messages_per_subject,
            &self.max_messages_per_subject,
            ToString::to_string,
        );
        found.field("max_message_size", &existing.max_message_size, &self.max_message_size, |limit| {
            size::limit::format(*limit)
        });
        found.field("max_consumers", &existing.max_consumers, &self.max_consumers, ToString::to_string);
        found.field("discard", &existing.discard, &self.discard, ToString::to_string);
        found.field(
            "duplicate_window",
            &existing.effective_duplicate_window(),
            &self.effective_duplicate_window(),
            |window| duration::format(*window),
        );
        for (field, existing, wanted) in [
            ("discard_new_per_subject", existing.discard_new_per_subject, self.discard_new_per_subject),
            ("allow_message_ttl", existing.allow_message_ttl, self.allow_message_ttl),
            ("allow_rollup", existing.effective_allow_rollup(), self.effective_allow_rollup()),
            ("allow_schedules", existing.allow_schedules, self.allow_schedules),
            ("allow_atomic_batches", existing.allow_atomic_batches, self.allow_atomic_batches),
            ("allow_fast_batches", existing.allow_fast_batches, self.allow_fast_batches),
        ] {
            found.field(field, &existing, &wanted, ToString::to_string);
        }
        found.field(
            "subject_delete_marker_ttl",
            &existing.subject_delete_marker_ttl,
            &self.subject_delete_marker_ttl,
            |ttl| ttl.map_or_else(|| "none".to_owned(), duration::format),
        );
        found.field("subject_transform", &existing.subject_transform, &self.subject_transform, |transform| {
            transform.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
        });
        found.field("republish", &existing.republish, &self.republish, |republish| {
            republish.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
        });
        found.metadata(&existing.metadata, &self.metadata);
        found.differences
    }

    /// For backends and provisioning: that a stream which exists is what `self` asks for, by
    /// [`differences`](Self::differences).
    ///
    /// ```
    /// use pubsub_core::{ErrorKind, StreamConfig};
    ///
    /// let existing = StreamConfig::new("RIDE", ["ride.>"])?;
    /// existing.clone().must_equal(&existing)?;
    /// let refused = existing.clone().with_max_messages(10).must_equal(&existing).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    /// assert!(refused.to_string().contains("max_messages: 1000000 -> 10"));
    /// # Ok::<(), pubsub_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) (10058), which lists every difference.
    pub fn must_equal(&self, existing: &Self) -> Result<()> {
        match self.differences(existing).as_slice() {
            [] => Ok(()),
            differences => Err(self.differs(differences)),
        }
    }

    /// The error for a stream that exists and differs: [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists)
    /// (10058), which lists every difference.
    #[must_use]
    pub fn differs(&self, differences: &[Difference]) -> Error {
        stream_differs(&self.name, differences)
    }
}

/// For serde, which takes functions.
mod default {
    use super::{Duration, Limit, StreamConfig};

    pub(super) const fn replicas() -> u8 {
        StreamConfig::DEFAULT_REPLICAS
    }

    pub(super) const fn max_age() -> Limit<Duration> {
        Limit::At(StreamConfig::DEFAULT_MAX_AGE)
    }

    pub(super) const fn max_bytes() -> Limit<u64> {
        Limit::At(StreamConfig::DEFAULT_MAX_BYTES)
    }

    pub(super) const fn max_messages() -> Limit<u64> {
        Limit::At(StreamConfig::DEFAULT_MAX_MESSAGES)
    }

    pub(super) const fn max_messages_per_subject() -> Limit<u64> {
        Limit::Unlimited
    }

    pub(super) const fn max_message_size() -> Limit<u32> {
        Limit::Unlimited
    }

    pub(super) const fn max_consumers() -> Limit<u32> {
        Limit::Unlimited
    }
}
