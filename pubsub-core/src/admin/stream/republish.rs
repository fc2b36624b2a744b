//! Passing on what a stream stores: [`Republish`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::{SubjectFilter, SubjectTransform};
use crate::{Error, Result};

/// What a stream publishes again, to plain subscribers, when it has stored it. Each message carries `Nats-Stream`,
/// `Nats-Subject`, `Nats-Sequence`, `Nats-Time-Stamp` and `Nats-Last-Sequence` (ADR-28).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Republish {
    /// Which subjects, and what they become. The new ones must not be stored by this stream.
    #[serde(flatten)]
    pub subjects: SubjectTransform,
    /// Whether the payload is left out; its size is then in `Nats-Msg-Size`.
    #[serde(default)]
    pub headers_only: bool,
}

impl Republish {
    /// Republishes messages whose subjects match `source`, to `destination`, payloads included.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal source.
    pub fn new<F>(source: F, destination: impl Into<String>) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        Ok(Self { subjects: SubjectTransform::new(source, destination)?, headers_only: false })
    }

    /// Leaves the payloads out.
    #[must_use]
    pub fn with_headers_only(mut self) -> Self {
        self.headers_only = true;
        self
    }
}

impl fmt::Display for Republish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.subjects, if self.headers_only { ", headers only" } else { "" })
    }
}
