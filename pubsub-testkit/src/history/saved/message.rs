//! A published message as JSON.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use pubsub_core::{
    Error, Expectations, Headers, MessageId, OutboundMessage, Result, Rollup, Schedule, ScheduleTime,
    StreamName, Subject, SubjectFilter, TimeToLive,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words;

#[derive(Serialize, Deserialize)]
struct Written {
    subject: Subject,
    #[serde(with = "words::payload")]
    payload: Bytes,
    #[serde(with = "words::headers")]
    headers: Headers,
    id: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expectations: Option<Expected>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<Lives>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollup: Option<Replaces>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<Scheduled>,
}

#[derive(Serialize, Deserialize)]
struct Expected {
    stream: Option<StreamName>,
    last_sequence: Option<u64>,
    last_subject_sequence: Option<u64>,
    last_subject_filter: Option<SubjectFilter>,
    last_id: Option<MessageId>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Lives {
    After(#[serde(with = "words::nanos")] Duration),
    Never,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Replaces {
    Subject,
    All,
}

#[derive(Serialize, Deserialize)]
struct Scheduled {
    when: When,
    target: Subject,
    ttl: Option<Lives>,
    source: Option<Subject>,
    time_zone: Option<String>,
    rollup: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    /// Since 1970.
    At(#[serde(with = "words::nanos")] Duration),
    Every(#[serde(with = "words::nanos")] Duration),
    Cron(String),
}

pub(crate) fn serialize<S: Serializer>(
    message: &OutboundMessage,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    Written {
        subject: message.subject.clone(),
        payload: message.payload.clone(),
        headers: message.headers.clone(),
        id: message.id.clone(),
        expectations: message.expectations().map(|expected| Expected {
            stream: expected.stream.clone(),
            last_sequence: expected.last_sequence,
            last_subject_sequence: expected.last_subject_sequence,
            last_subject_filter: expected.last_subject_filter.clone(),
            last_id: expected.last_id.clone(),
        }),
        ttl: message.ttl().map(Lives::from),
        rollup: message.rollup().map(|rollup| match rollup {
            Rollup::Subject => Replaces::Subject,
            _ => Replaces::All,
        }),
        schedule: message.schedule().map(Scheduled::from),
    }
    .serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Box<OutboundMessage>, D::Error> {
    let written = Written::deserialize(deserializer)?;
    written.read().map(Box::new).map_err(D::Error::custom)
}

impl Written {
    fn read(self) -> Result<OutboundMessage> {
        let mut message = OutboundMessage::new(self.subject, self.payload)?.with_headers(self.headers);
        message.id = self.id;
        if let Some(expected) = self.expectations {
            let mut expectations = Expectations::none();
            expectations.stream = expected.stream;
            expectations.last_sequence = expected.last_sequence;
            expectations.last_subject_sequence = expected.last_subject_sequence;
            expectations.last_subject_filter = expected.last_subject_filter;
            expectations.last_id = expected.last_id;
            message = message.with_expectations(expectations);
        }
        if let Some(lives) = self.ttl {
            message = message.with_ttl(TimeToLive::from(lives));
        }
        if let Some(replaces) = self.rollup {
            message = message.with_rollup(match replaces {
                Replaces::Subject => Rollup::Subject,
                Replaces::All => Rollup::All,
            });
        }
        match self.schedule {
            Some(schedule) => Ok(message.with_schedule(schedule.try_into()?)),
            None => Ok(message),
        }
    }
}

impl From<TimeToLive> for Lives {
    fn from(ttl: TimeToLive) -> Self {
        match ttl {
            TimeToLive::After(time) => Self::After(time),
            _ => Self::Never,
        }
    }
}

impl From<Lives> for TimeToLive {
    fn from(lives: Lives) -> Self {
        match lives {
            Lives::After(time) => Self::After(time),
            Lives::Never => Self::Never,
        }
    }
}

impl From<&Schedule> for Scheduled {
    fn from(schedule: &Schedule) -> Self {
        Self {
            when: match &schedule.when {
                ScheduleTime::At(time) => {
                    When::At(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
                }
                ScheduleTime::Every(interval) => When::Every(*interval),
                ScheduleTime::Cron(expression) => When::Cron(expression.clone()),
                // A kind that this kit does not know is never due.
                _ => When::Cron(String::new()),
            },
            target: schedule.target.clone(),
            ttl: schedule.ttl.map(Lives::from),
            source: schedule.source.clone(),
            time_zone: schedule.time_zone.clone(),
            rollup: schedule.rollup,
        }
    }
}

impl TryFrom<Scheduled> for Schedule {
    type Error = Error;

    fn try_from(written: Scheduled) -> Result<Self> {
        let mut schedule = match written.when {
            When::At(since) => Self::at(SystemTime::UNIX_EPOCH + since, written.target)?,
            When::Every(interval) => Self::every(interval, written.target)?,
            When::Cron(expression) => Self::cron(expression, written.target)?,
        };
        schedule.ttl = written.ttl.map(TimeToLive::from);
        schedule.source = written.source;
        schedule.time_zone = written.time_zone;
        schedule.rollup = written.rollup;
        Ok(schedule)
    }
}
