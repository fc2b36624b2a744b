//! Streams on the wire.

use std::collections::BTreeMap;

use pubsub_core::{
    Discard, Error, ErrorKind, Limit, Republish, Result, Retention, Storage, StreamConfig, StreamName,
    SubjectFilter, SubjectTransform,
};
use serde::{Deserialize, Serialize};

use super::limits::{duration, limit, nanos, number};
use super::{is_unset, system_time};

/// The fields of a stream's configuration that this library sets, every one of them. What came after nats-server 2.10 is
/// written only where it is used: from 2.12 on a server refuses a field that it does not know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StreamSettings {
    pub(crate) name: String,
    #[serde(default)]
    subjects: Vec<String>,
    #[serde(default)]
    description: String,
    retention: String,
    storage: String,
    num_replicas: u64,
    #[serde(default)]
    max_age: i64,
    max_bytes: i64,
    max_msgs: i64,
    #[serde(default)]
    max_msgs_per_subject: i64,
    #[serde(default)]
    max_msg_size: i64,
    max_consumers: i64,
    discard: String,
    #[serde(default)]
    duplicate_window: i64,
    #[serde(default, skip_serializing_if = "is_unset")]
    discard_new_per_subject: bool,
    #[serde(default, skip_serializing_if = "is_unset")]
    allow_msg_ttl: bool,
    #[serde(default, skip_serializing_if = "is_unset")]
    subject_delete_marker_ttl: i64,
    #[serde(default, skip_serializing_if = "is_unset")]
    allow_rollup_hdrs: bool,
    #[serde(default, skip_serializing_if = "is_unset")]
    allow_msg_schedules: bool,
    #[serde(default, skip_serializing_if = "is_unset")]
    allow_atomic: bool,
    #[serde(default, skip_serializing_if = "is_unset")]
    allow_batched: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject_transform: Option<Mapping>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    republish: Option<Mapping>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Subjects and what they become.
#[derive(Debug, Serialize, Deserialize)]
struct Mapping {
    #[serde(default)]
    src: String,
    #[serde(default)]
    dest: String,
    #[serde(default, skip_serializing_if = "is_unset")]
    headers_only: bool,
}

impl Mapping {
    fn of(transform: &SubjectTransform, headers_only: bool) -> Self {
        Self { src: transform.source.to_string(), dest: transform.destination.clone(), headers_only }
    }

    fn source(&self) -> &str {
        // Other clients leave it out for "all".
        if self.src.is_empty() { ">" } else { &self.src }
    }
}

impl StreamSettings {
    /// The names of the fields that may be left out, for an update that switches one of them off.
    pub(crate) const OPTIONAL_FIELDS: [&str; 10] = [
        "discard_new_per_subject",
        "allow_msg_ttl",
        "subject_delete_marker_ttl",
        "allow_rollup_hdrs",
        "allow_msg_schedules",
        "allow_atomic",
        "allow_batched",
        "subject_transform",
        "republish",
        "metadata",
    ];
}

/// A stream's configuration and counters.
#[derive(Debug, Deserialize)]
pub(crate) struct StreamInfo {
    pub(crate) config: StreamSettings,
    created: String,
    state: State,
}

#[derive(Debug, Deserialize)]
struct State {
    #[serde(default)]
    messages: u64,
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    first_seq: u64,
    #[serde(default)]
    last_seq: u64,
    #[serde(default)]
    consumer_count: u64,
    #[serde(default)]
    num_deleted: u64,
    #[serde(default)]
    num_subjects: u64,
}

/// What a request for a stream's details adds to its state.
#[derive(Debug, Deserialize)]
pub(crate) struct StreamDetails {
    /// How many subjects match, of which one answer holds a part.
    #[serde(default)]
    pub(crate) total: usize,
    pub(crate) state: Details,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Details {
    #[serde(default)]
    pub(crate) subjects: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) deleted: Vec<u64>,
}

/// Asks for a stream's details.
#[derive(Debug, Default, Serialize)]
pub(crate) struct DetailsRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subjects_filter: Option<&'a str>,
    #[serde(skip_serializing_if = "is_unset")]
    pub(crate) offset: usize,
    #[serde(skip_serializing_if = "is_unset")]
    pub(crate) deleted_details: bool,
}

impl TryFrom<&StreamConfig> for StreamSettings {
    type Error = Error;

    fn try_from(config: &StreamConfig) -> Result<Self> {
        Ok(Self {
            name: config.name.as_str().to_owned(),
            subjects: config.subjects.iter().map(ToString::to_string).collect(),
            description: config.description.clone().unwrap_or_default(),
            retention: match config.retention {
                Retention::Limits => "limits",
                Retention::Interest => "interest",
                Retention::WorkQueue => "workqueue",
                _ => return Err(not_served("retention")),
            }
            .to_owned(),
            storage: match config.storage {
                Storage::File => "file",
                Storage::Memory => "memory",
                _ => return Err(not_served("storage")),
            }
            .to_owned(),
            num_replicas: config.replicas.into(),
            max_age: config.max_age.at().map_or(0, nanos),
            max_bytes: number(config.max_bytes),
            max_msgs: number(config.max_messages),
            max_msgs_per_subject: number(config.max_messages_per_subject),
            max_msg_size: number(config.max_message_size),
            max_consumers: number(config.max_consumers),
            discard: match config.discard {
                Discard::Old => "old",
                Discard::New => "new",
                _ => return Err(not_served("discard")),
            }
            .to_owned(),
            duplicate_window: nanos(config.effective_duplicate_window()),
            discard_new_per_subject: config.discard_new_per_subject,
            allow_msg_ttl: config.allow_message_ttl,
            subject_delete_marker_ttl: config.subject_delete_marker_ttl.map_or(0, nanos),
            allow_rollup_hdrs: config.effective_allow_rollup(),
            allow_msg_schedules: config.allow_schedules,
            allow_atomic: config.allow_atomic_batches,
            allow_batched: config.allow_fast_batches,
            subject_transform: config
                .subject_transform
                .as_ref()
                .map(|transform| Mapping::of(transform, false)),
            republish: config
                .republish
                .as_ref()
                .map(|republish| Mapping::of(&republish.subjects, republish.headers_only)),
            metadata: config.metadata.clone(),
        })
    }
}

impl TryFrom<StreamSettings> for StreamConfig {
    type Error = Error;

    fn try_from(settings: StreamSettings) -> Result<Self> {
        let name = StreamName::new(settings.name)?;
        let unknown = |field, value: &str| not_known(field, value).with_context("stream", &name);
        let mut config = Self::new(
            &name,
            settings.subjects.into_iter().map(SubjectFilter::new).collect::<Result<Vec<_>>>()?,
        )?
        .with_retention(match settings.retention.as_str() {
            "limits" => Retention::Limits,
            "interest" => Retention::Interest,
            "workqueue" => Retention::WorkQueue,
            other => return Err(unknown("retention", other)),
        })
        .with_storage(match settings.storage.as_str() {
            "file" => Storage::File,
            "memory" => Storage::Memory,
            other => return Err(unknown("storage", other)),
        })
        .with_discard(match settings.discard.as_str() {
            "old" => Discard::Old,
            "new" => Discard::New,
            other => return Err(unknown("discard", other)),
        })
        .with_replicas(u8::try_from(settings.num_replicas).unwrap_or(u8::MAX));
        config.description = (!settings.description.is_empty()).then_some(settings.description);
        config.max_age = match settings.max_age {
            ..=0 => Limit::Unlimited,
            age => Limit::At(duration(age)),
        };
        config.max_bytes = limit(settings.max_bytes);
        config.max_messages = limit(settings.max_msgs);
        config.max_messages_per_subject = limit(settings.max_msgs_per_subject);
        config.max_message_size = limit(settings.max_msg_size);
        config.max_consumers = limit(settings.max_consumers);
        config.duplicate_window = Some(duration(settings.duplicate_window));
        config.discard_new_per_subject = settings.discard_new_per_subject;
        config.allow_message_ttl = settings.allow_msg_ttl;
        config.subject_delete_marker_ttl =
            Some(settings.subject_delete_marker_ttl).filter(|ttl| *ttl > 0).map(duration);
        config.allow_rollup = settings.allow_rollup_hdrs;
        config.allow_schedules = settings.allow_msg_schedules;
        config.allow_atomic_batches = settings.allow_atomic;
        config.allow_fast_batches = settings.allow_batched;
        config.subject_transform = settings
            .subject_transform
            .map(|mapping| SubjectTransform::new(mapping.source(), mapping.dest.as_str()))
            .transpose()?;
        config.republish = settings
            .republish
            .map(|mapping| {
                let republish = Republish::new(mapping.source(), mapping.dest.as_str())?;
                Ok::<_, Error>(if mapping.headers_only { republish.with_headers_only() } else { republish })
            })
            .transpose()?;
        config.metadata = settings.metadata;
        Ok(config)
    }
}

impl TryFrom<StreamInfo> for pubsub_core::StreamInfo {
    type Error = Error;

    fn try_from(info: StreamInfo) -> Result<Self> {
        let mut stream = Self::new(info.config.try_into()?, system_time(&info.created)?);
        stream.messages = info.state.messages;
        stream.bytes = info.state.bytes;
        stream.first_sequence = info.state.first_seq;
        stream.last_sequence = info.state.last_seq;
        stream.consumers = info.state.consumer_count;
        stream.deleted = info.state.num_deleted;
        stream.subjects = info.state.num_subjects;
        Ok(stream)
    }
}

pub(super) fn not_served(field: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this backend does not know that `{field}`"))
        .with_context("field", field)
        .with_remedy("use the same version of all crates of this library")
}

pub(super) fn not_known(field: &'static str, value: &str) -> Error {
    Error::new(ErrorKind::Unsupported, "it is configured in a way that this library does not know")
        .with_context("field", field)
        .with_context("value", value)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn round_trip(config: &StreamConfig) -> StreamConfig {
        let json = serde_json::to_string(&StreamSettings::try_from(config).unwrap()).unwrap();
        serde_json::from_str::<StreamSettings>(&json).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_configuration_round_trips() {
        let plain = StreamConfig::new("RIDE", ["ride.>", "match.*"]).unwrap();
        assert_eq!(plain.differences(&round_trip(&plain)), []);
        let full = plain
            .with_description("rides")
            .with_retention(Retention::WorkQueue)
            .with_storage(Storage::Memory)
            .with_replicas(3)
            .with_max_age(Duration::from_secs(60))
            .with_max_bytes(Limit::Unlimited)
            .with_max_messages(7)
            .with_max_messages_per_subject(2)
            .with_max_message_size(1024)
            .with_max_consumers(5)
            .with_discard(Discard::New)
            .with_duplicate_window(Duration::from_secs(1))
            .with_discard_new_per_subject()
            .with_allow_message_ttl()
            .with_subject_delete_marker_ttl(Duration::from_secs(2))
            .with_allow_rollup()
            .with_allow_schedules()
            .with_allow_atomic_batches()
            .with_allow_fast_batches()
            .with_subject_transform(SubjectTransform::new("ride.*", "trip.{{wildcard(1)}}").unwrap())
            .with_republish(Republish::new("ride.>", "seen.>").unwrap().with_headers_only())
            .with_metadata("team", "rides");
        assert_eq!(full.differences(&round_trip(&full)), []);
        assert_eq!(full.metadata, round_trip(&full).metadata);
    }

    #[test]
    fn what_is_new_is_written_only_where_it_is_used() {
        let plain = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
        let json = serde_json::to_value(StreamSettings::try_from(&plain).unwrap()).unwrap();
        for field in StreamSettings::OPTIONAL_FIELDS {
            assert!(json.get(field).is_none(), "{field}");
        }
        assert_eq!(json.as_object().unwrap().len(), 14);
    }

    #[test]
    fn a_stream_of_another_kind_is_told_not_misread() {
        let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
        let mut settings = StreamSettings::try_from(&config).unwrap();
        settings.retention = "lunar".to_owned();
        let error = StreamConfig::try_from(settings).unwrap_err();
        assert_eq!((error.kind(), error.context("value")), (ErrorKind::Unsupported, Some("lunar")));
    }
}
