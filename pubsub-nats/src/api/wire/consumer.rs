//! Consumers on the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use pubsub_core::config::timestamp;
use pubsub_core::{
    AckPolicy, ConsumerConfig, ConsumerName, DeliverPolicy, Error, PriorityGroup, PriorityPolicy,
    ReplayPolicy, Result, SequencePair, StreamName, SubjectFilter,
};
use serde::{Deserialize, Serialize};

use super::limits::{duration, limit, nanos, number};
use super::stream::{not_known, not_served};
use super::{is_unset, system_time};

/// The fields of a consumer's configuration that this library sets.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ConsumerSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    durable_name: Option<String>,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_subject: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    filter_subjects: Vec<String>,
    deliver_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    opt_start_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opt_start_time: Option<String>,
    ack_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack_wait: Option<i64>,
    max_deliver: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_ack_pending: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inactive_threshold: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    backoff: Vec<i64>,
    replay_policy: String,
    #[serde(skip_serializing_if = "is_unset")]
    headers_only: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    priority_groups: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    priority_policy: String,
    /// Of a pin; shown by the server with any policy.
    #[serde(skip_serializing_if = "is_unset")]
    priority_timeout: i64,
    /// Set by a pause. Not one of ours, so an update leaves it as it is: written without it, the consumer would be resumed
    /// (measured on nats-server 2.15.1).
    #[serde(skip_serializing)]
    pause_until: Option<String>,
    /// Set on push consumers, which this library does not use.
    #[serde(skip_serializing)]
    pub(crate) deliver_subject: Option<String>,
    /// The most messages and bytes and the longest time of one pull, 0 for no limit.
    #[serde(skip_serializing)]
    pub(crate) max_batch: usize,
    #[serde(skip_serializing)]
    pub(crate) max_bytes: i64,
    #[serde(skip_serializing)]
    pub(crate) max_expires: u64,
}

impl ConsumerSettings {
    /// The most deliveries that may be unsettled, if there is a limit.
    pub(crate) fn max_ack_pending(&self) -> Option<i64> {
        self.max_ack_pending.filter(|pending| *pending > 0)
    }

    /// How long a delivery may take before it comes again.
    pub(crate) fn ack_wait(&self) -> Option<Duration> {
        self.ack_wait.filter(|wait| *wait > 0).map(duration)
    }

    /// The names of all fields that this library sets, for an update that leaves the others alone.
    pub(crate) const FIELDS: [&str; 20] = [
        "name",
        "durable_name",
        "description",
        "filter_subject",
        "filter_subjects",
        "deliver_policy",
        "opt_start_seq",
        "opt_start_time",
        "ack_policy",
        "ack_wait",
        "max_deliver",
        "max_ack_pending",
        "inactive_threshold",
        "backoff",
        "replay_policy",
        "headers_only",
        "metadata",
        "priority_groups",
        "priority_policy",
        "priority_timeout",
    ];

    pub(crate) fn acknowledges(&self) -> bool {
        self.ack_policy != "none"
    }

    /// Whether a settlement is of one message, not of all before it too.
    pub(crate) fn settles_each(&self) -> bool {
        self.ack_policy == "explicit"
    }

    /// Whether the consumer chooses among those who ask.
    pub(crate) fn chooses(&self) -> bool {
        !matches!(self.priority_policy.as_str(), "" | "none")
    }

    /// The group that pulls belong to. Of several, which the server treats alike, the first.
    pub(crate) fn priority(&self) -> Result<Option<PriorityGroup>> {
        let Some(name) = self.priority_groups.first().filter(|_| self.chooses()) else {
            return Ok(None);
        };
        let group = match self.priority_policy.as_str() {
            "overflow" => PriorityGroup::overflow(name),
            "pinned_client" => PriorityGroup::pinned(name),
            "prioritized" => PriorityGroup::prioritized(name),
            other => return Err(not_known("priority", other)),
        };
        let timeout = Some(self.priority_timeout).filter(|timeout| *timeout > 0).map(duration);
        Ok(Some(match timeout {
            Some(timeout) => group?.with_pin_timeout(timeout),
            None => group?,
        }))
    }
}

/// A consumer's configuration and counters.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsumerInfo {
    stream_name: String,
    pub(crate) name: String,
    pub(crate) created: String,
    pub(crate) config: ConsumerSettings,
    #[serde(default)]
    delivered: Sequences,
    #[serde(default)]
    ack_floor: Sequences,
    #[serde(default)]
    pub(crate) num_ack_pending: u64,
    #[serde(default)]
    num_redelivered: u64,
    #[serde(default)]
    num_waiting: u64,
    #[serde(default)]
    pub(crate) num_pending: u64,
    #[serde(default)]
    pub(crate) paused: bool,
    #[serde(default)]
    priority_groups: Vec<GroupState>,
}

impl ConsumerInfo {
    /// How many deliveries it has made.
    pub(crate) const fn deliveries(&self) -> u64 {
        self.delivered.consumer_seq
    }
}

/// Asks for the end of a pin.
#[derive(Debug, Serialize)]
pub(crate) struct UnpinRequest<'a> {
    pub(crate) group: &'a str,
}

#[derive(Debug, Deserialize)]
struct GroupState {
    #[serde(default)]
    pinned_client_id: String,
    #[serde(default)]
    pinned_ts: String,
}

/// Asks for a pause, or without a time for its end.
#[derive(Debug, Serialize)]
pub(crate) struct PauseRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pause_until: Option<String>,
}

/// Asks for a reset, without a sequence to the ack floor.
#[derive(Debug, Serialize)]
pub(crate) struct ResetRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct Sequences {
    #[serde(default)]
    consumer_seq: u64,
    #[serde(default)]
    stream_seq: u64,
}

impl TryFrom<&ConsumerConfig> for ConsumerSettings {
    type Error = Error;

    fn try_from(config: &ConsumerConfig) -> Result<Self> {
        let name = config.name.as_ref().map(ToString::to_string);
        let filters = config.filters.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (filter_subject, filter_subjects) = match filters.as_slice() {
            // JetStream wants a filter here (10094), and `>` means all.
            [] if config.deliver == DeliverPolicy::LastPerSubject => (Some(">".to_owned()), Vec::new()),
            [] => (None, Vec::new()),
            [one] => (Some(one.clone()), Vec::new()),
            _ => (None, filters),
        };
        let (deliver_policy, opt_start_seq, opt_start_time) = match config.deliver {
            DeliverPolicy::All => ("all", None, None),
            DeliverPolicy::New => ("new", None, None),
            DeliverPolicy::Last => ("last", None, None),
            DeliverPolicy::LastPerSubject => ("last_per_subject", None, None),
            DeliverPolicy::FromSequence(sequence) => ("by_start_sequence", Some(sequence), None),
            DeliverPolicy::FromTime(time) => ("by_start_time", None, timestamp::format(time)),
            _ => return Err(not_served("deliver")),
        };
        let (ack_policy, acknowledges) = match config.ack {
            AckPolicy::Explicit => ("explicit", true),
            AckPolicy::All => ("all", true),
            AckPolicy::None => ("none", false),
            _ => return Err(not_served("ack")),
        };
        Ok(Self {
            durable_name: name.clone().filter(|_| config.durable),
            name,
            description: config.description.clone().unwrap_or_default(),
            filter_subject,
            filter_subjects,
            deliver_policy: deliver_policy.to_owned(),
            opt_start_seq,
            opt_start_time,
            ack_policy: ack_policy.to_owned(),
            ack_wait: acknowledges.then(|| nanos(config.effective_ack_wait())),
            max_deliver: number(config.max_deliver),
            max_ack_pending: acknowledges.then(|| number(config.max_ack_pending)),
            inactive_threshold: config.effective_inactive_threshold().map(nanos),
            backoff: config.backoff.iter().copied().map(nanos).collect(),
            replay_policy: match config.replay {
                ReplayPolicy::Instant => "instant",
                ReplayPolicy::Original => "original",
                _ => return Err(not_served("replay")),
            }
            .to_owned(),
            headers_only: config.headers_only,
            metadata: config.metadata.clone(),
            priority_groups: config.priority.iter().map(|group| group.name.clone()).collect(),
            priority_policy: match config.priority.as_ref().map(|group| group.policy) {
                None => "",
                Some(PriorityPolicy::Overflow) => "overflow",
                Some(PriorityPolicy::Pinned) => "pinned_client",
                Some(PriorityPolicy::Prioritized) => "prioritized",
                Some(_) => return Err(not_served("priority")),
            }
            .to_owned(),
            priority_timeout: match &config.priority {
                Some(group) if group.policy == PriorityPolicy::Pinned => nanos(group.pin_timeout),
                _ => 0,
            },
            ..Self::default()
        })
    }
}

impl TryFrom<ConsumerSettings> for ConsumerConfig {
    type Error = Error;

    fn try_from(settings: ConsumerSettings) -> Result<Self> {
        let mut config = Self::ephemeral();
        config.priority = settings.priority()?;
        config.durable = settings.durable_name.is_some();
        config.name = settings.durable_name.or(settings.name).map(ConsumerName::new).transpose()?;
        config.description = (!settings.description.is_empty()).then_some(settings.description);
        let filters = settings.filter_subject.filter(|filter| !filter.is_empty()).into_iter();
        let filters = filters.chain(settings.filter_subjects).map(SubjectFilter::new);
        config.filters = filters.collect::<Result<_>>()?;
        config.deliver =
            match (settings.deliver_policy.as_str(), settings.opt_start_seq, settings.opt_start_time) {
                ("all", ..) => DeliverPolicy::All,
                ("new", ..) => DeliverPolicy::New,
                ("last", ..) => DeliverPolicy::Last,
                ("last_per_subject", ..) => DeliverPolicy::LastPerSubject,
                ("by_start_sequence", Some(sequence), _) => DeliverPolicy::FromSequence(sequence),
                ("by_start_time", _, Some(time)) => DeliverPolicy::FromTime(system_time(&time)?),
                (other, ..) => return Err(not_known("deliver", other)),
            };
        config.ack = match settings.ack_policy.as_str() {
            "explicit" => AckPolicy::Explicit,
            "all" => AckPolicy::All,
            "none" => AckPolicy::None,
            other => return Err(not_known("ack", other)),
        };
        // Without acknowledgements the server tells neither of the two, and the defaults stand for them.
        if let Some(wait) = settings.ack_wait.filter(|wait| *wait > 0) {
            config.ack_wait = duration(wait);
        }
        if let Some(pending) = settings.max_ack_pending.filter(|pending| *pending != 0) {
            config.max_ack_pending = limit(pending);
        }
        config.max_deliver = limit(settings.max_deliver);
        config.inactive_threshold =
            settings.inactive_threshold.filter(|threshold| *threshold > 0).map(duration);
        config.backoff = settings.backoff.into_iter().map(duration).collect();
        config.replay = match settings.replay_policy.as_str() {
            "" | "instant" => ReplayPolicy::Instant,
            "original" => ReplayPolicy::Original,
            other => return Err(not_known("replay", other)),
        };
        config.headers_only = settings.headers_only;
        config.metadata = settings.metadata;
        Ok(config)
    }
}

impl TryFrom<ConsumerInfo> for pubsub_core::ConsumerInfo {
    type Error = Error;

    fn try_from(info: ConsumerInfo) -> Result<Self> {
        let paused_until = info.config.pause_until.as_deref().filter(|_| info.paused);
        let paused_until = paused_until.map(system_time).transpose()?;
        let pinned = info.priority_groups.iter().find(|group| !group.pinned_client_id.is_empty());
        let pinned_since = pinned.map(|group| system_time(&group.pinned_ts)).transpose()?;
        let mut config = ConsumerConfig::try_from(info.config)?;
        let name = ConsumerName::new(info.name)?;
        config.name.get_or_insert_with(|| name.clone());
        let stream = StreamName::new(info.stream_name)?;
        let mut consumer = Self::new(stream, name, config, system_time(&info.created)?);
        consumer.delivered = SequencePair::new(info.delivered.consumer_seq, info.delivered.stream_seq);
        consumer.ack_floor = SequencePair::new(info.ack_floor.consumer_seq, info.ack_floor.stream_seq);
        consumer.ack_pending = info.num_ack_pending;
        consumer.redelivered = info.num_redelivered;
        consumer.pending = info.num_pending;
        consumer.waiting = info.num_waiting;
        consumer.paused_until = paused_until;
        consumer.pinned_since = pinned_since;
        Ok(consumer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use pubsub_core::Limit;

    use super::*;

    fn round_trip(config: &ConsumerConfig) -> ConsumerConfig {
        let json = serde_json::to_string(&ConsumerSettings::try_from(config).unwrap()).unwrap();
        serde_json::from_str::<ConsumerSettings>(&json).unwrap().try_into().unwrap()
    }

    #[test]
    fn configurations_round_trip() {
        let plain = ConsumerConfig::durable("users").unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_767_225_600, 5);
        for config in [
            plain.clone(),
            ConsumerConfig::ephemeral(),
            plain.clone().with_filter("ride.*").unwrap(),
            plain.clone().with_filters(["ride.a", "ride.b"]).unwrap(),
            plain.clone().with_deliver(DeliverPolicy::LastPerSubject),
            plain.clone().with_deliver(DeliverPolicy::FromSequence(7)),
            plain.clone().with_deliver(DeliverPolicy::FromTime(time)),
            plain.clone().with_ack(AckPolicy::None),
            plain.clone().with_backoff([Duration::from_secs(1), Duration::from_secs(2)]),
            plain.clone().with_replay(ReplayPolicy::Original).with_headers_only(),
            plain.clone().with_metadata("team", "rides"),
            plain.clone().with_priority(PriorityGroup::overflow("g").unwrap()),
            plain.clone().with_priority(PriorityGroup::prioritized("g").unwrap()),
            plain
                .clone()
                .with_priority(PriorityGroup::pinned("g").unwrap().with_pin_timeout(Duration::from_secs(3))),
            plain.clone().with_ack(AckPolicy::All).with_max_deliver(Limit::Unlimited),
            plain.with_max_ack_pending(Limit::Unlimited).with_inactive_threshold(Duration::from_secs(9)),
        ] {
            assert_eq!(config.differences(&round_trip(&config)), [], "{config:?}");
        }
    }

    #[test]
    fn the_list_of_fields_is_complete() {
        let config =
            ConsumerConfig::durable("users").unwrap().with_inactive_threshold(Duration::from_secs(9));
        let mut settings = ConsumerSettings::try_from(&config).unwrap();
        settings.filter_subject = Some("a".to_owned());
        settings.filter_subjects = vec!["b".to_owned()];
        settings.opt_start_seq = Some(1);
        settings.opt_start_time = Some(String::new());
        settings.backoff = vec![1];
        settings.headers_only = true;
        settings.metadata.insert("a".to_owned(), "b".to_owned());
        settings.priority_groups = vec!["g".to_owned()];
        settings.priority_policy = "overflow".to_owned();
        settings.priority_timeout = 1;
        let json = serde_json::to_value(&settings).unwrap();
        let mut written = json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut listed = ConsumerSettings::FIELDS.map(str::to_owned).to_vec();
        written.sort_unstable();
        listed.sort_unstable();
        assert_eq!(written, listed);
    }
}
