//! What to read: [`ReadOptions`].

use serde::{Deserialize, Serialize};

use crate::admin::{DeliverPolicy, ReplayPolicy};
use crate::consume::SubscribeOptions;
use crate::subject::SubjectFilter;
use crate::{Error, Result};

/// Which messages of a stream to read, and from where on.
///
/// In configuration: `{ "filters": ["ride.>"], "from": { "from_sequence": 5 } }`. An unknown key is an error.
///
/// ```
/// use pubsub_core::{DeliverPolicy, ReadOptions};
///
/// let options = ReadOptions::default().with_filter("ride.*")?.with_from(DeliverPolicy::FromSequence(5));
/// options.validate()?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The subjects to read; none for all. No two may overlap.
    pub filters: Vec<SubjectFilter>,
    /// Where to begin; by default with the oldest message. Not with the last of each subject: what has been read could
    /// not say where to go on.
    pub from: DeliverPolicy,
    /// How fast messages come. After a fault the time between two messages begins anew.
    pub replay: ReplayPolicy,
    /// Whether to leave payloads out; their size is then in the header `Nats-Msg-Size`.
    pub headers_only: bool,
    /// The most messages to hold ready: 1 to 10,000. Default 100.
    pub buffer: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            filters: Vec::new(),
            from: DeliverPolicy::All,
            replay: ReplayPolicy::Instant,
            headers_only: false,
            buffer: SubscribeOptions::default().first_buffer(),
        }
    }
}

impl ReadOptions {
    /// Adds a filter to [`filters`](Self::filters).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an illegal filter.
    pub fn with_filter<F>(mut self, filter: F) -> Result<Self>
    where
        F: TryInto<SubjectFilter, Error: Into<Error>>,
    {
        self.filters.push(filter.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Sets [`from`](Self::from).
    #[must_use]
    pub fn with_from(mut self, from: DeliverPolicy) -> Self {
        self.from = from;
        self
    }

    /// Sets [`replay`](Self::replay).
    #[must_use]
    pub fn with_replay(mut self, replay: ReplayPolicy) -> Self {
        self.replay = replay;
        self
    }

    /// Switches [`headers_only`](Self::headers_only) on.
    #[must_use]
    pub fn with_headers_only(mut self) -> Self {
        self.headers_only = true;
        self
    }

    /// Sets [`buffer`](Self::buffer).
    #[must_use]
    pub fn with_buffer(mut self, messages: usize) -> Self {
        self.buffer = messages;
        self
    }

    /// Checks the ranges. What only a consumer's configuration can tell is checked when the reader begins.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the field.
    pub fn validate(&self) -> Result<()> {
        SubscribeOptions::default().with_buffer(self.buffer).validate()?;
        if self.from == DeliverPolicy::LastPerSubject {
            return Err(Error::invalid_input("from", "a reader cannot begin with the last of each subject")
                .with_remedy("use a consumer with that start, or read from the beginning"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_has_the_defaults_of_the_code() {
        assert_eq!(serde_json::from_str::<ReadOptions>("{}").unwrap(), ReadOptions::default());
        assert!(serde_json::from_str::<ReadOptions>(r#"{"start": "all"}"#).is_err());
    }

    #[test]
    fn a_field_out_of_range_is_named() {
        let field = |options: ReadOptions| {
            options.validate().unwrap_err().context("field").map(str::to_owned).unwrap_or_default()
        };
        assert_eq!(field(ReadOptions::default().with_buffer(0)), "buffer");
        assert_eq!(field(ReadOptions::default().with_from(DeliverPolicy::LastPerSubject)), "from");
        ReadOptions::default().with_from(DeliverPolicy::New).validate().unwrap();
    }
}
