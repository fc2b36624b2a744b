//! Rules that the configurations of streams and of consumers share.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{Limit, duration};
use crate::subject::SubjectFilter;
use crate::{Error, Result};

/// The longest description, in bytes (measured on nats-server 2.15.1).
const MAX_DESCRIPTION: usize = 4096;

/// The most bytes of all keys and values together (measured on nats-server 2.15.1).
const MAX_METADATA: usize = 128 * 1024;

/// The largest number that JetStream can hold.
pub(super) const MAX_COUNT: u64 = i64::MAX.unsigned_abs();

pub(super) fn description(text: Option<&str>, code: u16) -> Result<()> {
    if text.is_some_and(|text| text.len() > MAX_DESCRIPTION) {
        return Err(Error::config(
            "description",
            format!("the description is longer than {MAX_DESCRIPTION} bytes"),
        )
        .with_broker_code(code)
        .with_remedy("shorten it"));
    }
    Ok(())
}

pub(super) fn metadata(notes: &BTreeMap<String, String>, code: u16) -> Result<()> {
    if notes.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MAX_METADATA {
        return Err(Error::config("metadata", format!("the notes are longer than {MAX_METADATA} bytes"))
            .with_broker_code(code)
            .with_remedy("keep what is long elsewhere, and note where"));
    }
    Ok(())
}

/// A limit is at least 1 and at most what the broker can hold.
pub(super) fn count<T: Copy + Into<u64>>(field: &'static str, limit: Limit<T>, max: u64) -> Result<()> {
    match limit.at().map(Into::into) {
        Some(0) => Err(Error::config(field, format!("{field} is 0"))
            .with_remedy("give at least 1, or say \"unlimited\" (`Limit::Unlimited`) explicitly")),
        Some(at) if at > max => {
            Err(Error::config(field, format!("{field} is {at}; at most {max} is possible"))
                .with_remedy("lower it, or say \"unlimited\" (`Limit::Unlimited`) explicitly"))
        }
        _ => Ok(()),
    }
}

/// A duration is within what the broker can hold.
pub(super) fn span(field: &'static str, value: Duration, min: Duration, code: Option<u16>) -> Result<()> {
    let message = if value < min {
        format!("{field} is {}; at least {} is needed", duration::format(value), duration::format(min))
    } else if value > duration::MAX {
        format!("{field} is longer than 292 years")
    } else {
        return Ok(());
    };
    let error = Error::config(field, message).with_remedy("give a duration such as 30s or 24h");
    Err(match code {
        Some(code) => error.with_broker_code(code),
        None => error,
    })
}

/// The first two filters of a list that have a subject in common.
pub(super) fn first_overlap(filters: &[SubjectFilter]) -> Option<(&SubjectFilter, &SubjectFilter)> {
    filters.iter().enumerate().find_map(|(index, one)| {
        let other = filters.iter().skip(index + 1).find(|other| one.overlaps(other))?;
        Some((one, other))
    })
}
