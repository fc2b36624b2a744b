//! Sizes in bytes as text: `"100MB"` (10^6), `"8MiB"` (2^20), or a plain number of bytes. For serde's `with` attribute,
//! also as [`limit`].
//!
//! The units are `B`, `kB` (also `KB`), `MB`, `GB`, `TB`, `PB`, and `KiB`, `MiB`, `GiB`, `TiB`, `PiB`, in exactly these
//! letters. A letter alone, as in `64k`, is refused: some read it as 1000 and some as 1024. A fraction is read if it
//! comes to a whole number of bytes (`1.5GiB`, but not `1.9B`); nothing is rounded.

use std::fmt;

use serde::{Deserializer, Serializer};

use super::notation::{self, Notation, Size, quoted};
use crate::{Error, Result};

/// The largest size that JetStream can hold: 2^63 - 1 bytes.
pub const MAX: u64 = i64::MAX.unsigned_abs();

/// More digits than [`MAX`] has, and few enough that 128 bits hold them times any unit.
const MAX_DIGITS: usize = 20;

const EXPECTED: &str = "a size such as \"100MB\" or \"8MiB\", or a number of bytes";
const NAMES: &str = "B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB and PiB";
const TOO_LARGE: &str = "the size is too large";

/// Largest first; of two that divide a size, the first one is written.
const UNITS: [(u64, &str); 12] = [
    (1 << 50, "PiB"),
    (10_u64.pow(15), "PB"),
    (1 << 40, "TiB"),
    (10_u64.pow(12), "TB"),
    (1 << 30, "GiB"),
    (10_u64.pow(9), "GB"),
    (1 << 20, "MiB"),
    (10_u64.pow(6), "MB"),
    (1 << 10, "KiB"),
    (10_u64.pow(3), "KB"),
    (10_u64.pow(3), "kB"),
    (1, "B"),
];

/// Reads a size such as `100MB`, `1.5GiB` or `4096`, in bytes, up to [`MAX`].
///
/// ```
/// use pubsub_core::config::size;
///
/// assert_eq!(size::parse("100MB")?, 100_000_000);
/// assert_eq!(size::parse("100MiB")?, 104_857_600);
/// assert!(size::parse("100m").is_err());
/// assert!(size::parse("1.9B").is_err());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) for anything else.
pub fn parse(text: &str) -> Result<u64> {
    <Size as Notation<u64>>::parse(text).map_err(|message| {
        Error::config("size", message)
            .with_remedy("write bytes, or a number with a unit such as 64kB, 100MB or 8MiB")
    })
}

/// Writes a size so that [`parse`] reads the same again, in the largest unit that is exact: `100MB`, `8MiB`, `1001B`.
#[must_use]
pub fn format(bytes: u64) -> String {
    let exact = UNITS.iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    let (unit, name) = exact.copied().unwrap_or((1, "B"));
    format!("{}{name}", bytes / unit)
}

/// Serialises as text.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(bytes: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*bytes))
}

/// Deserialises from text or from a number of bytes.
///
/// # Errors
/// As [`parse`].
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    notation::deserialize::<Size, _, _>(deserializer)
}

/// A [`Limit`](super::Limit) of bytes: `"unlimited"`, or a size. For limits of `u32` and `u64`.
pub mod limit {
    use serde::{Deserializer, Serializer};

    use crate::config::Limit;
    use crate::config::notation::{Notation, Size};

    /// Serialises as text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T, S>(limit: &Limit<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: TryFrom<u64> + Copy + Into<u64>,
        S: Serializer,
    {
        limit.serialize_as::<Size, S>(serializer)
    }

    /// Deserialises from text or from a number of bytes.
    ///
    /// # Errors
    /// As [`parse`](super::parse).
    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Limit<T>, D::Error>
    where
        T: TryFrom<u64> + Copy + Into<u64>,
        D: Deserializer<'de>,
    {
        Limit::deserialize_as::<Size, D>(deserializer)
    }

    /// Writes a limit of bytes as [`format`](super::format) does.
    #[must_use]
    pub fn format<T: TryFrom<u64> + Copy + Into<u64>>(limit: Limit<T>) -> String {
        struct Shown<T>(T);
        impl<T: TryFrom<u64> + Copy + Into<u64>> std::fmt::Display for Shown<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                Size::show(&self.0, f)
            }
        }
        limit.at().map_or_else(|| Limit::<u64>::Unlimited.to_string(), |at| Shown(at).to_string())
    }
}

impl<T> Notation<T> for Size
where
    T: TryFrom<u64> + Copy + Into<u64>,
{
    const EXPECTED: &'static str = EXPECTED;

    fn parse(text: &str) -> Result<T, String> {
        <Self as Notation<T>>::from_integer(read(text)?)
    }

    fn from_integer(bytes: u64) -> Result<T, String> {
        Some(bytes)
            .filter(|bytes| *bytes <= MAX)
            .and_then(|bytes| T::try_from(bytes).ok())
            .ok_or_else(|| TOO_LARGE.to_owned())
    }

    fn show(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format((*value).into()))
    }

    fn serialize<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&(*value).into(), serializer)
    }
}

/// Reads a number and its unit in whole numbers alone: a float would round what is above 2^53.
fn read(text: &str) -> Result<u64, String> {
    let not_a_size = || format!("{} is not a size; expected {EXPECTED}", quoted(text));
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end).ok_or_else(not_a_size)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(not_a_size());
    }
    let unit = match unit.trim_start() {
        "" => 1,
        unit => find_unit(unit).ok_or_else(|| {
            format!("{} is not a size: {} is no unit; the units are {NAMES}", quoted(text), quoted(unit))
        })?,
    };
    let whole = digits(whole.trim_start_matches('0')).ok_or(TOO_LARGE)?;
    let fraction = fraction.trim_end_matches('0');
    let parts = digits(fraction).ok_or_else(|| format!("{} has too many decimal places", quoted(text)))?;
    let scale = u32::try_from(fraction.len()).ok().and_then(|places| 10_u128.checked_pow(places));
    let (unit, scale) = (u128::from(unit), scale.ok_or(TOO_LARGE)?);
    if !(parts * unit).is_multiple_of(scale) {
        return Err(format!("{} is not a whole number of bytes", quoted(text)));
    }
    u64::try_from(whole * unit + parts * unit / scale).map_err(|_| TOO_LARGE.to_owned())
}

fn find_unit(name: &str) -> Option<u64> {
    UNITS.iter().find(|(_, known)| *known == name).map(|(unit, _)| *unit)
}

/// The number that these digits write, none being 0. `None` if they are too many.
fn digits(text: &str) -> Option<u128> {
    match text {
        "" => Some(0),
        text if text.len() > MAX_DIGITS => None,
        text => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimal_and_binary_units_differ() {
        assert_eq!(parse("1MB").unwrap(), 1_000_000);
        assert_eq!(parse("1MiB").unwrap(), 1 << 20);
        assert_eq!(parse("1048576").unwrap(), 1 << 20);
    }

    #[test]
    fn is_written_in_the_largest_exact_unit() {
        for (bytes, text) in [
            (0, "0B"),
            (1001, "1001B"),
            (1500, "1500B"),
            (100_000_000, "100MB"),
            (8 << 20, "8MiB"),
            (1 << 30, "1GiB"),
            (64_000, "64KB"),
        ] {
            assert_eq!(format(bytes), text);
        }
    }

    #[test]
    fn a_size_that_would_saturate_is_refused() {
        assert!(parse("99999999999999GB").is_err());
        assert!(parse("18446744073709551615").is_err());
    }

    #[test]
    fn a_wrong_unit_is_refused_with_a_remedy() {
        let error = parse("12 parsecs").unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Config);
        assert!(error.to_string().contains("12 parsecs"), "{error}");
        assert!(error.remedy().is_some());
    }

    #[test]
    fn a_fraction_that_is_not_a_whole_number_of_bytes_is_refused() {
        for text in ["1.9B", "0.1B", "1.5", "9007199254740.9931KB", "1.0001kB", "0.3KiB"] {
            let error = parse(text).unwrap_err();
            assert!(error.message().contains("not a whole number of bytes"), "{text}: {error}");
            assert!(error.remedy().is_some());
        }
        assert!(parse(&format!("0.{}1PiB", "0".repeat(40))).is_err());
    }

    #[test]
    fn a_fraction_is_read_exactly() {
        for (text, bytes) in [
            ("1.5GiB", 3 << 29),
            ("0.5 KiB", 512),
            ("1.0B", 1),
            // One that a 64-bit float rounds to ...992.
            ("9007199254740.993KB", 9_007_199_254_740_993),
            ("0001.500000000000000000000000MB", 1_500_000),
        ] {
            assert_eq!(parse(text).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn units_are_spelt_exactly() {
        assert_eq!(parse("64kB").unwrap(), parse("64KB").unwrap());
        assert_eq!(parse("7B").unwrap(), 7);
        for text in
            ["100m", "100mb", "100M", "64k", "64K", "8mib", "8Mib", "8Mb", "1G", "1 MB ", "1MB1", "1KB 5B"]
        {
            let error = parse(text).unwrap_err();
            assert!(error.message().contains(NAMES), "{text}: {error}");
        }
    }

    #[test]
    fn text_without_a_sound_number_is_refused() {
        for text in ["", ".", "MB", ".5MB", "1.MB", "1.2.3MB", "-1", "+1", "1e3", " 1", "1,5MB", "\u{664}MB"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_largest_size_is_the_bound() {
        assert_eq!(parse("9223372036854775807B").unwrap(), MAX);
        assert!(parse("9223372036854775808").is_err());
        assert!(parse(&"9".repeat(10_000)).is_err());
    }

    proptest! {
        #[test]
        fn nothing_like_a_size_panics(text in "[0-9]{0,24}(\\.[0-9]{0,24})? ?([KMGTP]i?)?B?") {
            let _ = parse(&text);
        }

        #[test]
        fn every_size_round_trips(bytes in 0..=MAX) {
            prop_assert_eq!(parse(&format(bytes)).unwrap(), bytes);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = parse(&text);
        }
    }
}
