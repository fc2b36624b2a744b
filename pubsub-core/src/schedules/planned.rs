//! What is planned: [`Planned`].

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;

use crate::admin::StoredMessage;
use crate::config::{duration, timestamp};
use crate::headers::Headers;
use crate::message::{Schedule, ScheduleTime, TimeToLive};
use crate::{Error, ErrorKind, Result};

/// What is planned under a key of [`Schedules`](super::Schedules). `Debug` shows no payload.
#[derive(Clone)]
#[non_exhaustive]
pub struct Planned {
    /// When it is published, and where to.
    pub schedule: Schedule,
    /// What it will carry.
    pub payload: Bytes,
    /// The headers that it will have.
    pub headers: Headers,
    /// When it was planned.
    pub planned_at: SystemTime,
    /// Where the plan stands in the stream.
    pub(super) sequence: u64,
}

impl Planned {
    pub(super) fn read(stored: StoredMessage) -> Result<Self> {
        let schedule = schedule_of(&stored.headers).ok_or_else(|| {
            Error::new(ErrorKind::Codec, "what is planned cannot be read")
                .with_context("subject", &stored.subject)
                .with_context("sequence", stored.sequence)
                .with_remedy("call it off, and plan it anew")
        })?;
        let StoredMessage { sequence, published_at, headers, payload, .. } = stored;
        Ok(Self {
            schedule,
            payload,
            headers: headers.without_reserved(),
            planned_at: published_at,
            sequence,
        })
    }
}

/// What the broker's headers say.
fn schedule_of(headers: &Headers) -> Option<Schedule> {
    let when = headers.get("Nats-Schedule")?;
    let when = if let Some(time) = when.strip_prefix("@at ") {
        ScheduleTime::At(timestamp::parse(time).ok()?)
    } else if let Some(interval) = when.strip_prefix("@every ") {
        ScheduleTime::Every(duration::parse(interval).ok()?)
    } else {
        ScheduleTime::Cron(when.to_owned())
    };
    let ttl = match headers.get("Nats-Schedule-TTL") {
        None => None,
        Some("never") => Some(TimeToLive::Never),
        Some(text) => Some(TimeToLive::After(duration::parse(text).ok()?)),
    };
    let mut schedule = Schedule::at(SystemTime::UNIX_EPOCH, headers.get("Nats-Schedule-Target")?).ok()?;
    schedule.when = when;
    schedule.ttl = ttl;
    if let Some(source) = headers.get("Nats-Schedule-Source") {
        schedule = schedule.with_source(source).ok()?;
    }
    schedule.time_zone = headers.get("Nats-Schedule-Time-Zone").map(str::to_owned);
    schedule.rollup = headers.contains("Nats-Schedule-Rollup");
    Some(schedule)
}

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned")
            .field("schedule", &self.schedule)
            .field("payload_len", &self.payload.len())
            .field("headers", &self.headers)
            .field("planned_at", &self.planned_at)
            .finish_non_exhaustive()
    }
}
