//! One way to write each kind of value, shared by plain fields and by limits.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Visitor};
use serde::{Deserializer, Serializer};

/// How values of one kind are written in text, JSON, TOML and URLs. The errors are texts for serde.
pub trait Notation<T> {
    /// What a reader should write, for error messages.
    const EXPECTED: &'static str;

    fn parse(text: &str) -> Result<T, String>;
    fn from_integer(number: u64) -> Result<T, String>;
    fn show(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn serialize<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A plain number of things. Read from text too: in a URL every value is text.
#[derive(Debug)]
pub enum Count {}

/// See [`duration`](super::duration).
#[derive(Debug)]
pub enum Time {}

/// See [`size`](super::size).
#[derive(Debug)]
pub(super) enum Size {}

impl<T> Notation<T> for Count
where
    T: TryFrom<u64> + Copy + Into<u64>,
{
    const EXPECTED: &'static str = "a whole number";

    fn parse(text: &str) -> Result<T, String> {
        let number = text.parse::<u64>().map_err(|_| format!("{} is not a whole number", quoted(text)))?;
        <Self as Notation<T>>::from_integer(number)
    }

    fn from_integer(number: u64) -> Result<T, String> {
        T::try_from(number).map_err(|_| format!("{number} is too large"))
    }

    fn show(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&(*value).into(), f)
    }

    fn serialize<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64((*value).into())
    }
}

/// Reads a value in its notation, from text or from a number.
pub(super) struct Value<N, T>(PhantomData<(N, T)>);

impl<N, T> Value<N, T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<N: Notation<T>, T> Visitor<'_> for Value<N, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(N::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        N::parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        N::from_integer(number).map_err(E::custom)
    }

    // TOML's integers are all signed.
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let number = u64::try_from(number)
            .map_err(|_| E::custom(format!("{number} is negative; expected {}", N::EXPECTED)))?;
        self.visit_u64(number)
    }
}

pub(super) fn deserialize<'de, N: Notation<T>, T, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    d.deserialize_any(Value::<N, T>::new())
}

/// Repeats what was written, escaped for a terminal, unless it is long: then it is noise.
pub(super) fn quoted(text: &str) -> String {
    if text.len() <= 64 {
        format!("`{}`", text.escape_debug())
    } else {
        format!("a text of {} bytes", text.len())
    }
}
