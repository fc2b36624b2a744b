//! Durations as text: `"30s"`, `"1m 30s"`, `"24h"`, `"7d"`. For serde's `with` attribute, also as [`option`] and [`list`].
//!
//! Read by the crate `humantime`: numbers with the units `ns`, `us`, `ms`, `s`, `m`, `h`, `d`, `w` (and their long
//! names, such as `sec` or `minutes`), added up. A number without a unit is refused, `0` too: nobody can tell seconds
//! from nanoseconds. Months and years are refused: they have no fixed length, and `M` is easily written for `m`.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::{Deserializer, Serializer};

use super::notation::{self, Notation, Time, quoted};
use crate::{Error, Result};

/// The longest duration that JetStream can hold: 2^63 - 1 nanoseconds, about 292 years.
pub const MAX: Duration = Duration::from_nanos(i64::MAX.unsigned_abs());

const MAX_TEXT: usize = 64;
const MAX_DIGITS: usize = 11;

/// The units that have one length, as humantime spells them.
const UNITS: [&str; 32] = [
    "ns", "nsec", "nanos", "us", "\u{b5}s", "usec", "ms", "msec", "millis", "s", "sec", "secs", "second",
    "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr", "hrs", "hour", "hours", "d", "day",
    "days", "w", "wk", "wks", "week", "weeks",
];

/// Reads a duration such as `30s` or `1h 30m`, up to [`MAX`].
///
/// ```
/// # use std::time::Duration;
/// use pubsub_core::config::duration;
///
/// assert_eq!(duration::parse("1h 30m")?, Duration::from_secs(5400));
/// assert!(duration::parse("30").is_err());
/// assert!(duration::parse("1M").is_err());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) for anything else.
pub fn parse(text: &str) -> Result<Duration> {
    Time::parse(text).map_err(|message| {
        Error::config("duration", message)
            .with_remedy("write a number with a unit (ns, us, ms, s, m, h, d or w), such as 30s, 5m or 24h")
    })
}

/// Writes a duration so that [`parse`] reads the same again: `30s`, `1m 30s`, `24h`, `2d`. Days are used from two on.
#[must_use]
pub fn format(duration: Duration) -> String {
    let mut text = String::new();
    let seconds = duration.as_secs();
    let days = if seconds >= 2 * 86_400 { seconds / 86_400 } else { 0 };
    let seconds = seconds - days * 86_400;
    let nanos = duration.subsec_nanos();
    let parts = [
        (days, "d"),
        (seconds / 3_600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
        (u64::from(nanos / 1_000_000), "ms"),
        (u64::from(nanos / 1_000 % 1_000), "us"),
        (u64::from(nanos % 1_000), "ns"),
    ];
    for (number, unit) in parts.into_iter().filter(|(number, _)| *number > 0) {
        let gap = if text.is_empty() { "" } else { " " };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{gap}{number}{unit}");
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Serialises as text.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

/// Deserialises from text.
///
/// # Errors
/// As [`parse`].
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    notation::deserialize::<Time, _, _>(deserializer)
}

/// An optional duration, for fields with `#[serde(default, skip_serializing_if = "Option::is_none")]`.
pub mod option {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Written(#[serde(with = "super")] Duration);

    /// Serialises as text, or as null.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Deserialises from text, or from null.
    ///
    /// # Errors
    /// As [`parse`](super::parse).
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map(|written| written.0))
    }
}

/// A list of durations.
pub mod list {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Written(#[serde(with = "super")] Duration);

    /// Serialises as a list of texts.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(durations: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(durations.iter().map(|duration| super::format(*duration)))
    }

    /// Deserialises from a list of texts.
    ///
    /// # Errors
    /// As [`parse`](super::parse).
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
        Ok(Vec::<Written>::deserialize(deserializer)?.into_iter().map(|written| written.0).collect())
    }
}

impl Notation<Duration> for Time {
    const EXPECTED: &'static str = "a duration with a unit, such as \"30s\"";

    fn parse(text: &str) -> Result<Duration, String> {
        // humantime 2.4 panics where its sum comes to 2^64 seconds; texts within these bounds cannot reach it.
        let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
        if text.len() > MAX_TEXT || digits > MAX_DIGITS {
            return Err(format!("{} is too long for a duration", quoted(text)));
        }
        if let Some(unit) = find_unknown_unit(text) {
            return Err(format!(
                "{} is not a duration: {} is no unit of a fixed length; the units are ns, us, ms, s, m, h, d and w",
                quoted(text),
                quoted(unit)
            ));
        }
        // humantime takes this one number without a unit.
        if text == "0" {
            return Err("`0` has no unit; write `0s`".to_owned());
        }
        let duration = humantime::parse_duration(text)
            .map_err(|cause| format!("{} is not a duration: {cause}", quoted(text)))?;
        if duration > MAX {
            return Err(format!("{} is longer than 292 years", quoted(text)));
        }
        Ok(duration)
    }

    fn from_integer(number: u64) -> Result<Duration, String> {
        Err(format!("{number} has no unit; expected {}", Self::EXPECTED))
    }

    fn show(value: &Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(*value))
    }

    fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(value, serializer)
    }
}

/// What stands between the numbers of a text and is not a unit, if anything.
fn find_unknown_unit(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_ascii_digit() || c == '.' || c.is_whitespace())
        .find(|unit| !unit.is_empty() && !UNITS.contains(unit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_written_as_people_write_it() {
        for (millis, text) in [
            (0, "0s"),
            (250, "250ms"),
            (30_000, "30s"),
            (90_000, "1m 30s"),
            (120_000, "2m"),
            (86_400_000, "24h"),
            (129_600_000, "36h"),
            (172_800_000, "2d"),
            (31 * 86_400_000, "31d"),
        ] {
            assert_eq!(format(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn the_longest_duration_round_trips() {
        assert_eq!(parse(&format(MAX)).unwrap(), MAX);
        assert!(parse(&format(MAX + Duration::from_nanos(1))).is_err());
    }

    #[test]
    fn a_number_without_a_unit_is_refused_with_a_remedy() {
        let error = parse("30").unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Config);
        assert_eq!(error.context("field"), Some("duration"));
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("30s")));
    }

    #[test]
    fn zero_needs_a_unit_too() {
        let error = parse("0").unwrap_err();
        assert!(error.message().contains("`0s`"), "{error}");
        assert!(parse("00").is_err());
        assert_eq!(parse("0s").unwrap(), Duration::ZERO);
    }

    #[test]
    fn months_and_years_are_refused_and_the_units_are_listed() {
        for text in ["1M", "1month", "2 months", "1y", "1yr", "1h 1year", "3years", "5fortnights", "-5s"] {
            let error = parse(text).unwrap_err();
            assert!(error.message().contains("ns, us, ms, s, m, h, d and w"), "{text}: {error}");
        }
    }

    #[test]
    fn every_listed_unit_is_read_by_humantime() {
        for unit in UNITS {
            assert!(parse(&format!("3{unit}")).is_ok(), "{unit}");
        }
        assert_eq!(parse("1w").unwrap(), parse("7d").unwrap());
        assert_eq!(parse("2 minutes 5 secs").unwrap(), Duration::from_secs(125));
    }

    #[test]
    fn a_fraction_is_exact_or_refused() {
        assert_eq!(parse("1.5s").unwrap(), Duration::from_millis(1_500));
        assert!(parse("0.1ns").is_err());
    }

    #[test]
    fn the_sum_that_overflows_humantime_is_refused() {
        assert!(parse("18446744073709551615s 1000000000ns").is_err());
        assert!(parse("99999999999w 99999999999w 99999999999w 99999999999w 99999999999w").is_err());
        assert!(parse(&"9".repeat(10_000)).is_err());
    }

    proptest! {
        #[test]
        fn every_duration_round_trips(nanos in 0..=i64::MAX.unsigned_abs()) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse(&format(duration)).unwrap(), duration);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse(&text);
        }

        #[test]
        fn no_sum_panics(text in "([0-9]{1,12}(\\.[0-9]{1,9})?(ns|us|ms|s|m|h|d|w|M|y) ?){1,8}") {
            let _ = parse(&text);
        }
    }
}
