//! What the headers of a plain message ask of the stream that takes it, as on the wire.

use std::time::Duration;

use pubsub_core::config::{duration, timestamp};
use pubsub_core::{
    Expectations, Headers, MessageId, Result, Rollup, Schedule, StreamName, SubjectFilter, TimeToLive,
};

use super::incoming::{Orders, ROLLUP, TTL};

/// All that counts of them but the id; `None` if nothing does.
pub(super) fn orders(headers: &Headers) -> Result<Option<Box<Orders>>> {
    if headers.is_empty() {
        return Ok(None);
    }
    let orders = Orders {
        expectations: expectations(headers)?,
        ttl: headers.get(TTL).and_then(read_ttl),
        rollup: headers.get(ROLLUP).and_then(|rollup| match rollup {
            "sub" => Some(Rollup::Subject),
            "all" => Some(Rollup::All),
            _ => None,
        }),
        schedule: schedule(headers)?,
        scheduled: None,
    };
    let is_empty = orders.expectations.is_none()
        && orders.ttl.is_none()
        && orders.rollup.is_none()
        && orders.schedule.is_none();
    Ok((!is_empty).then(|| Box::new(orders)))
}

fn expectations(headers: &Headers) -> Result<Option<Expectations>> {
    let mut expected = Expectations::none();
    let number = |name| headers.get(name).and_then(|value| value.parse().ok());
    expected.stream =
        headers.get("Nats-Expected-Stream").map(|name| StreamName::new(name.to_owned())).transpose()?;
    expected.last_sequence = number("Nats-Expected-Last-Sequence");
    expected.last_subject_sequence = number("Nats-Expected-Last-Subject-Sequence");
    let filter = headers.get("Nats-Expected-Last-Subject-Sequence-Subject");
    expected.last_subject_filter = filter.map(|filter| SubjectFilter::new(filter.to_owned())).transpose()?;
    let id = headers.get("Nats-Expected-Last-Msg-Id");
    expected.last_id = id.map(|id| MessageId::new(id.to_owned())).transpose()?;
    Ok((expected != Expectations::none()).then_some(expected))
}

fn schedule(headers: &Headers) -> Result<Option<Schedule>> {
    let (Some(when), Some(target)) = (headers.get("Nats-Schedule"), headers.get("Nats-Schedule-Target"))
    else {
        return Ok(None);
    };
    let target = target.to_owned();
    let mut schedule = if let Some(time) = when.strip_prefix("@at ") {
        Schedule::at(timestamp::parse(time)?, target)?
    } else if let Some(interval) = when.strip_prefix("@every ") {
        Schedule::every(duration::parse(interval)?, target)?
    } else {
        Schedule::cron(when, target)?
    };
    if let Some(ttl) = headers.get("Nats-Schedule-TTL").and_then(read_ttl) {
        schedule = schedule.with_ttl(ttl);
    }
    if let Some(source) = headers.get("Nats-Schedule-Source") {
        schedule = schedule.with_source(source.to_owned())?;
    }
    if let Some(zone) = headers.get("Nats-Schedule-Time-Zone") {
        schedule = schedule.with_time_zone(zone);
    }
    let is_rollup = headers.contains("Nats-Schedule-Rollup");
    Ok(Some(if is_rollup { schedule.with_rollup() } else { schedule }))
}

/// Whole seconds, with or without their unit, or `never`: what this backend writes.
fn read_ttl(text: &str) -> Option<TimeToLive> {
    if text.eq_ignore_ascii_case("never") {
        return Some(TimeToLive::Never);
    }
    text.trim_end_matches('s').parse().ok().map(|seconds| TimeToLive::After(Duration::from_secs(seconds)))
}
