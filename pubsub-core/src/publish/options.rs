//! How one publish call behaves: [`PublishOptions`].

use std::time::Duration;

/// How one publish call behaves. What is unset is the backend's default.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::PublishOptions;
///
/// let options = PublishOptions::default().with_timeout(Duration::from_secs(2));
/// assert_eq!(options.timeout, Some(Duration::from_secs(2)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishOptions {
    /// The most time from the call until the receipt; a backend's own default is 5 s. After it the outcome is an
    /// error, with an unknown effect if the message had been sent.
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
