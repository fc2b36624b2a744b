//! Points in time as text: RFC 3339 in UTC, such as `"2026-08-21T09:00:00Z"`. For serde's `with` attribute.
//!
//! Read and written by the crate `humantime`, with up to nine decimal places of a second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use super::notation::quoted;
use crate::{Error, Result};

/// The first second of the year 10000.
const END: Duration = Duration::from_secs(253_402_300_800);

/// Reads a time such as `2026-08-21T09:00:00Z`. Other offsets than `Z` are refused.
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) for anything else.
pub fn parse(text: &str) -> Result<SystemTime> {
    read(text).map_err(|message| {
        Error::config("time", message).with_remedy("write RFC 3339 in UTC, such as 2026-08-21T09:00:00Z")
    })
}

/// Writes a time so that [`parse`] reads the same again. `None` before 1970 and after 9999.
#[must_use]
pub fn format(time: SystemTime) -> Option<String> {
    // humantime panics on the one and fails on the other.
    let in_range = time.duration_since(UNIX_EPOCH).is_ok_and(|since| since < END);
    in_range.then(|| humantime::format_rfc3339(time).to_string())
}

/// Serialises as text.
///
/// # Errors
/// For a time before 1970 or after 9999, and those of the serializer.
pub fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = format(*time).ok_or_else(|| S::Error::custom("a time before 1970 or after 9999"))?;
    serializer.serialize_str(&text)
}

/// Deserialises from text.
///
/// # Errors
/// As [`parse`].
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// An optional time, for fields with `#[serde(default, skip_serializing_if = "Option::is_none")]`.
pub mod option {
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Written(#[serde(with = "super")] SystemTime);

    /// Serialises as text, or as null.
    ///
    /// # Errors
    /// As [`serialize`](super::serialize).
    pub fn serialize<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Deserialises from text, or from null.
    ///
    /// # Errors
    /// As [`parse`](super::parse).
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map(|written| written.0))
    }
}

fn read(text: &str) -> Result<SystemTime, String> {
    humantime::parse_rfc3339(text).map_err(|cause| format!("{} is not a time: {cause}", quoted(text)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nanoseconds_survive() {
        let time = UNIX_EPOCH + Duration::new(1_787_302_800, 123_456_789);
        assert_eq!(format(time).as_deref(), Some("2026-08-21T09:00:00.123456789Z"));
        assert_eq!(parse("2026-08-21T09:00:00.123456789Z").unwrap(), time);
    }

    #[test]
    fn a_time_out_of_range_has_no_text() {
        assert_eq!(format(UNIX_EPOCH - Duration::from_nanos(1)), None);
        assert_eq!(format(UNIX_EPOCH + END), None);
        assert!(format(UNIX_EPOCH + END - Duration::from_nanos(1)).is_some());
    }

    #[test]
    fn another_offset_is_refused_with_a_remedy() {
        let error = parse("2026-08-21T09:00:00+02:00").unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Config);
        assert!(error.remedy().is_some_and(|remedy| remedy.contains('Z')));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse(&text);
        }

        #[test]
        fn nothing_like_a_time_panics(text in "[0-9]{4}.[0-9]{2}.[0-9]{2}.{1,3}[0-9]{2}:[0-9]{2}:[0-9]{2}.{0,12}") {
            let _ = parse(&text);
        }
    }
}
