//! How one publish call behaves: [`PublishOptions`], [`Confirm`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::duration;
use crate::{Capabilities, Capability, Result};

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
    /// The most time from the call until the receipt; by default the backend's own (NATS: 30 s).
    /// After it the outcome is an error, with an unknown effect if the message had been sent.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Whether a publish whose outcome is not known is tried again, under one message id, within its time; by default the
    /// backend's setting. A message without an id gets one for it. Takes the capability `publish_retry` if true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<bool>,
    /// What the receipt must tell.
    #[serde(skip_serializing_if = "is_default")]
    pub confirm: Confirm,
}

/// What the receipt of a publish must tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Confirm {
    /// That the message is stored, its sequence, and whether it is a duplicate.
    #[default]
    Full,
    /// That the message is stored: `sequence` and `duplicate` may be `None`. A backend may then confirm many messages at
    /// once, which is faster; one that cannot confirms in full.
    StoredOnly,
}

fn is_default(confirm: &Confirm) -> bool {
    *confirm == Confirm::Full
}

impl PublishOptions {
    /// Sets the most time from the call until the receipt.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets whether a publish whose outcome is not known is tried again.
    #[must_use]
    pub fn with_retry(mut self, retry: bool) -> Self {
        self.retry = Some(retry);
        self
    }

    /// For backends: refuses to try again where the backend cannot.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), with the field.
    pub fn check(&self, capabilities: Capabilities) -> Result<()> {
        if self.retry == Some(true) {
            let required = capabilities.require(Capability::PublishRetry);
            return required.map_err(|error| error.with_context("field", "retry"));
        }
        Ok(())
    }

    /// Sets what the receipt must tell.
    #[must_use]
    pub fn with_confirm(mut self, confirm: Confirm) -> Self {
        self.confirm = confirm;
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
