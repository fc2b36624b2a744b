//! Streams on the wire.

use pubsub_core::{
    Discard, Error, ErrorKind, Limit, Result, Retention, Storage, StreamConfig, StreamName, SubjectFilter,
};
use serde::{Deserialize, Serialize};

use super::limits::{duration, limit, nanos, number};
use super::system_time;

/// The fields of a stream's configuration that this library sets, every one of them.
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
            .with_duplicate_window(Duration::from_secs(1));
        assert_eq!(full.differences(&round_trip(&full)), []);
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
