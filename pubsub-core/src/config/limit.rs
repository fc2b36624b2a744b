//! A bound that may be absent, and says so: [`Limit`].

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::notation::{Count, Notation, Time, Value};

const UNLIMITED: &str = "unlimited";

/// A bound, or the explicit statement that there is none.
///
/// JetStream writes -1 or 0 for "no limit"; here a limit of 0 is refused by `validate()` and no limit is a word. In
/// configuration it reads `"unlimited"` or the value (`1000`, `"24h"`, `"100MB"`), which works in formats without a
/// null, such as TOML.
///
/// ```
/// use std::time::Duration;
///
/// use pubsub_core::config::Limit;
///
/// let limit: Limit<Duration> = Duration::from_secs(60).into();
/// assert!(limit.is_exceeded_by(&Duration::from_secs(61)));
/// assert!(!Limit::Unlimited.is_exceeded_by(&u64::MAX));
///
/// assert_eq!(serde_json::to_string(&limit)?, r#""1m""#);
/// assert_eq!(serde_json::from_str::<Limit<u64>>(r#""unlimited""#)?, Limit::Unlimited);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit<T> {
    /// No bound.
    Unlimited,
    /// The largest allowed value.
    At(T),
}

impl<T> Limit<T> {
    /// The bound, if there is one.
    #[must_use]
    pub fn at(self) -> Option<T> {
        match self {
            Self::Unlimited => None,
            Self::At(bound) => Some(bound),
        }
    }

    /// Whether there is no bound.
    #[must_use]
    pub const fn is_unlimited(&self) -> bool {
        matches!(self, Self::Unlimited)
    }

    /// Whether `value` is above the bound. A value equal to the bound is within it.
    #[must_use]
    pub fn is_exceeded_by(&self, value: &T) -> bool
    where
        T: PartialOrd,
    {
        matches!(self, Self::At(bound) if value > bound)
    }

    pub(super) fn serialize_as<N: Notation<T>, S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unlimited => s.serialize_str(UNLIMITED),
            Self::At(bound) => N::serialize(bound, s),
        }
    }

    pub(super) fn deserialize_as<'de, N: Notation<T>, D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(Either::<N, T>(PhantomData))
    }
}

impl<T> From<T> for Limit<T> {
    fn from(bound: T) -> Self {
        Self::At(bound)
    }
}

/// The types that a [`Limit`] can write by itself. Sizes need [`size::limit`](super::size::limit): a number does not
/// know that it counts bytes.
pub trait Bound: Sized {
    #[doc(hidden)]
    type Notation: Notation<Self>;
}

impl Bound for u32 {
    type Notation = Count;
}

impl Bound for u64 {
    type Notation = Count;
}

impl Bound for Duration {
    type Notation = Time;
}

impl<T: Bound> fmt::Display for Limit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str(UNLIMITED),
            Self::At(bound) => T::Notation::show(bound, f),
        }
    }
}

impl<T: Bound> Serialize for Limit<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_as::<T::Notation, S>(serializer)
    }
}

impl<'de, T: Bound> Deserialize<'de> for Limit<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize_as::<T::Notation, D>(deserializer)
    }
}

struct Either<N, T>(PhantomData<(N, T)>);

impl<N: Notation<T>, T> Visitor<'_> for Either<N, T> {
    type Value = Limit<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{UNLIMITED}\" or {}", N::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Limit<T>, E> {
        if text == UNLIMITED {
            return Ok(Limit::Unlimited);
        }
        Value::<N, T>::new().visit_str(text).map(Limit::At)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Limit<T>, E> {
        Value::<N, T>::new().visit_u64(number).map(Limit::At)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Limit<T>, E> {
        if number < 0 {
            return Err(E::custom(format!("{number} is negative; for no limit write \"{UNLIMITED}\"")));
        }
        Value::<N, T>::new().visit_i64(number).map(Limit::At)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_itself_is_allowed() {
        assert!(!Limit::At(3).is_exceeded_by(&3));
        assert!(Limit::At(3).is_exceeded_by(&4));
        assert!(!Limit::Unlimited.is_exceeded_by(&4));
    }

    #[test]
    fn both_forms_round_trip() {
        for limit in [Limit::Unlimited, Limit::At(7_u64)] {
            let json = serde_json::to_string(&limit).unwrap();
            assert_eq!(serde_json::from_str::<Limit<u64>>(&json).unwrap(), limit, "{json}");
        }
        let age = Limit::At(Duration::from_secs(86_400));
        let json = serde_json::to_string(&age).unwrap();
        assert_eq!(json, r#""24h""#);
        assert_eq!(serde_json::from_str::<Limit<Duration>>(&json).unwrap(), age);
    }

    #[test]
    fn a_number_as_text_is_read_as_urls_need_it() {
        assert_eq!(serde_json::from_str::<Limit<u32>>(r#""5""#).unwrap(), Limit::At(5));
    }

    #[test]
    fn minus_one_is_refused_and_the_word_is_named() {
        let error = serde_json::from_str::<Limit<u64>>("-1").unwrap_err().to_string();
        assert!(error.contains("\"unlimited\""), "{error}");
    }

    #[test]
    fn a_number_that_does_not_fit_is_refused() {
        let error = serde_json::from_str::<Limit<u32>>("4294967296").unwrap_err().to_string();
        assert!(error.contains("too large"), "{error}");
    }

    #[test]
    fn displays_as_it_is_written() {
        assert_eq!(Limit::<u32>::Unlimited.to_string(), "unlimited");
        assert_eq!(Limit::At(Duration::from_secs(90)).to_string(), "1m 30s");
    }
}
