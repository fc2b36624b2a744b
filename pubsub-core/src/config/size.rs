//! Sizes in bytes as text: `"100MB"` (10^6), `"8MiB"` (2^20), or a plain number of bytes. For serde's `with` attribute,
//! also as [`limit`].
//!
//! Read by the crate `bytesize`.

use std::fmt;

use bytesize::ByteSize;
use serde::{Deserializer, Serializer};

use super::notation::{self, Notation, Size, quoted};
use crate::{Error, Result};

/// The largest size that JetStream can hold: 2^63 - 1 bytes.
pub const MAX: u64 = i64::MAX.unsigned_abs();

/// Largest first; of two that divide a size, the first one is written.
const UNITS: [(u64, &str); 10] = [
    (bytesize::PIB, "PiB"),
    (bytesize::PB, "PB"),
    (bytesize::TIB, "TiB"),
    (bytesize::TB, "TB"),
    (bytesize::GIB, "GiB"),
    (bytesize::GB, "GB"),
    (bytesize::MIB, "MiB"),
    (bytesize::MB, "MB"),
    (bytesize::KIB, "KiB"),
    (bytesize::KB, "KB"),
];

/// Reads a size such as `100MB`, `1.5GiB` or `4096`, in bytes, up to [`MAX`].
///
/// ```
/// use pubsub_core::config::size;
///
/// assert_eq!(size::parse("100MB")?, 100_000_000);
/// assert_eq!(size::parse("100MiB")?, 104_857_600);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Config`](crate::ErrorKind::Config) for anything else.
pub fn parse(text: &str) -> Result<u64> {
    <Size as Notation<u64>>::parse(text).map_err(|message| {
        Error::config("size", message)
            .with_remedy("write bytes, or a number with a unit such as 100MB or 8MiB")
    })
}

/// Writes a size so that [`parse`] reads the same again, in the largest unit that is exact: `100MB`, `8MiB`, `1001B`.
#[must_use]
pub fn format(bytes: u64) -> String {
    match UNITS
        .iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit))
    {
        Some((unit, name)) => format!("{}{name}", bytes / unit),
        None => format!("{bytes}B"),
    }
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
        limit
            .at()
            .map_or_else(|| Limit::<u64>::Unlimited.to_string(), |at| Shown(at).to_string())
    }
}

impl<T> Notation<T> for Size
where
    T: TryFrom<u64> + Copy + Into<u64>,
{
    const EXPECTED: &'static str = "a size such as \"100MB\" or \"8MiB\", or a number of bytes";

    fn parse(text: &str) -> Result<T, String> {
        let ByteSize(bytes) = text.parse().map_err(|_| {
            format!(
                "{} is not a size; expected {}",
                quoted(text),
                <Self as Notation<T>>::EXPECTED
            )
        })?;
        <Self as Notation<T>>::from_integer(bytes)
    }

    fn from_integer(bytes: u64) -> Result<T, String> {
        // bytesize saturates; nothing may become another size in silence.
        Some(bytes)
            .filter(|bytes| *bytes <= MAX)
            .and_then(|bytes| T::try_from(bytes).ok())
            .ok_or_else(|| "the size is too large".to_owned())
    }

    fn show(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format((*value).into()))
    }

    fn serialize<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&(*value).into(), serializer)
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

    proptest! {
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
