//! How one publish call behaves: [`PublishOptions`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::duration;

/// How one publish call behaves. What is unset is the backend's default.
///
/// In configuration: `{ "timeout": "2s" }`. An unknown key is an error.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::PublishOptions;
///
/// let options = PublishOptions::default().with_timeout(Duration::from_secs(2));
/// assert_eq!(options.timeout, Some(Duration::from_secs(2)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PublishOptions {
    /// The most time from the call until the receipt; a backend's own default is 5 s. After it the outcome is an
    /// error, with an unknown effect if the message had been sent.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

impl PublishOptions {
    /// Sets the most time from the call until the receipt.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_round_trips() {
        let options = PublishOptions::default().with_timeout(Duration::from_millis(1_500));
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(json, r#"{"timeout":"1s 500ms"}"#);
        assert_eq!(serde_json::from_str::<PublishOptions>(&json).unwrap(), options);
        assert_eq!(serde_json::from_str::<PublishOptions>("{}").unwrap(), PublishOptions::default());
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(serde_json::from_str::<PublishOptions>(r#"{"time_out": "2s"}"#).is_err());
    }
}
