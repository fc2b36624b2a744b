//! Renaming subjects: [`SubjectTransform`] as it is written, [`SubjectMapping`] as it is applied.

mod function;
mod mapping;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SubjectFilter;
use crate::{Error, Result};

pub use mapping::SubjectMapping;

/// Renames subjects: those that match `source` become `destination`, in which functions stand for parts of what was
/// renamed. A function is a token of its own:
///
/// | function | becomes |
/// |---|---|
/// | `{{wildcard(n)}}`, `$n` | what the `n`-th wildcard (`*`) of the source matched |
/// | `{{partition(b)}}` | a number below `b` for the whole subject (from nats-server 2.12 on) |
/// | `{{partition(b,i,j..)}}` | a number below `b` for what these wildcards matched, one after the other |
/// | `{{split(n,d)}}` | the `n`-th wildcard's token, cut into tokens at each `d` |
/// | `{{splitFromLeft(n,k)}}`, `{{splitFromRight(n,k)}}` | the token, cut once, `k` bytes from that end |
/// | `{{sliceFromLeft(n,k)}}`, `{{sliceFromRight(n,k)}}` | the token, cut every `k` bytes, counted from that end |
/// | `{{left(n,k)}}`, `{{right(n,k)}}` | the first or last `k` bytes of the token |
///
/// A token that is too short to be cut, or that would be cut within a character, stays whole. A destination ends with `>`
/// exactly if the source does. Partitions are those of nats-server: FNV-1a of 32 bits, modulo `b`.
///
/// nats-server 2.11.11, 2.12.8 and 2.14.6 do not know `left` and `right` in a stream's configuration (10156); 2.10.26 and
/// 2.15.1 do (measured).
///
/// ```
/// use pubsub_core::SubjectTransform;
///
/// let by_driver = SubjectTransform::new("ride.*.*", "ride.{{partition(4,2)}}.$1.$2")?;
/// let mapping = by_driver.prepare()?;
/// assert_eq!(mapping.apply("ride.pickup.d-7").as_deref(), Some("ride.3.pickup.d-7"));
/// assert_eq!(mapping.apply("match.pickup.d-7"), None);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SubjectTransform {
    /// Which subjects are renamed.
    pub source: SubjectFilter,
    /// What they become.
    pub destination: String,
}

impl SubjectTransform {
    /// A transform from subjects that match `source`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal source. The destination is checked by
    /// [`prepare`](Self::prepare), as every backend does.
    pub fn new<F>(source: F, destination: impl Into<String>) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        Ok(Self { source: source.try_into().map_err(Into::into)?, destination: destination.into() })
    }

    /// Checks the transform, and makes it ready to be applied.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) (10156, as measured on nats-server 2.15.1) for a destination that
    /// is no subject, names a wildcard that the source does not have, or uses an unknown function. Besides what that
    /// server refuses: sizes, partitions and wildcards below 1, functions that are only a part of a token, and a
    /// destination whose first token is the broker's.
    pub fn prepare(&self) -> Result<SubjectMapping> {
        SubjectMapping::new(self)
    }
}

impl fmt::Display for SubjectTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.source, self.destination)
    }
}

#[cfg(test)]
mod tests;
