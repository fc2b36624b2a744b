//! Renaming subjects: [`SubjectTransform`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SubjectFilter;
use crate::{Error, Result};

/// Renames subjects: those that match `source` become `destination`, in which `{{wildcard(1)}}` stands for what the first
/// wildcard of the source matched.
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
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal source.
    pub fn new<F>(source: F, destination: impl Into<String>) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        Ok(Self { source: source.try_into().map_err(Into::into)?, destination: destination.into() })
    }
}

impl fmt::Display for SubjectTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.source, self.destination)
    }
}
