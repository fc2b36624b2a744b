//! Why a handler did not succeed: [`Failure`].

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why a handler did not succeed, and what is to become of the message.
///
/// Every error converts into one, so that `?` works in a handler; the message is then tried again, as the
/// [`RetryPolicy`](crate::worker::RetryPolicy) says. Like `anyhow::Error` it is no `std::error::Error` itself.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::worker::Failure;
///
/// fn seats(text: &str) -> Result<u8, Failure> {
///     let seats: u8 = text.parse()?; // tried again
///     match seats {
///         0 => Err(Failure::reject("a ride for nobody")), // never again: to the dead letters
///         1..=4 => Ok(seats),
///         _ => Err(Failure::retry_after(Duration::from_secs(30), "no van is free")),
///     }
/// }
/// assert!(seats("0").is_err_and(|failure| failure.is_final()));
/// ```
pub struct Failure {
    reason: String,
    wanted: Wanted,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// Whether somebody has said what is wanted, the handler or a layer.
    decided: bool,
}

/// What a handler wants to become of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Another attempt, when the policy says.
    Retry,
    /// Another attempt, not before this has passed.
    RetryAfter(Duration),
    /// The same attempt, when this has passed.
    Postpone(Duration),
    /// No other attempt.
    Reject,
}

impl Failure {
    /// Another attempt, when the policy says.
    #[must_use]
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::said(reason, Wanted::Retry)
    }

    /// Another attempt, not before `delay` has passed. It counts as one of the policy's attempts.
    #[must_use]
    pub fn retry_after(delay: Duration, reason: impl Into<String>) -> Self {
        Self::said(reason, Wanted::RetryAfter(delay))
    }

    /// Not now: the same attempt begins anew after `delay`, however often. The worker holds the message meanwhile, in its lane
    /// if it has one, and handles others. For what has not been begun with: a limit is reached, a circuit is open.
    #[must_use]
    pub fn postpone(delay: Duration, reason: impl Into<String>) -> Self {
        Self::said(reason, Wanted::Postpone(delay))
    }

    /// No other attempt: the message goes to the dead letters.
    #[must_use]
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::said(reason, Wanted::Reject)
    }

    /// Makes any failure final, as in `parse(text).map_err(Failure::final_error)?`.
    #[must_use]
    pub fn final_error(error: impl Into<Self>) -> Self {
        Self { wanted: Wanted::Reject, decided: true, ..error.into() }
    }

    /// Whether there is to be no other attempt.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.wanted == Wanted::Reject
    }

    /// Whether the attempt was not begun with ([`postpone`](Self::postpone)).
    #[must_use]
    pub fn is_postponed(&self) -> bool {
        matches!(self.wanted, Wanted::Postpone(_))
    }

    /// Why, in one line.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The error that it was made of, if any.
    #[must_use]
    pub fn source(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.source.as_deref()
    }

    /// The same, for another message of its batch. What it was made of stays with this one.
    pub(crate) fn for_another(&self) -> Self {
        Self { reason: self.chain(), wanted: self.wanted, source: None, decided: self.decided }
    }

    fn said(reason: impl Into<String>, wanted: Wanted) -> Self {
        Self { reason: reason.into(), wanted, source: None, decided: true }
    }

    /// The error that it was made of, while nobody has said what is wanted.
    pub(crate) fn undecided(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.source.as_deref()?;
        (!self.decided).then_some(source)
    }

    pub(crate) fn decide(&mut self, wanted: Wanted) {
        (self.wanted, self.decided) = (wanted, true);
    }

    pub(crate) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The reason and every cause, joined by `: `; what a cause repeats of the one before is left out.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.reason.clone();
        let mut cause = self.source.as_deref().and_then(StdError::source);
        while let Some(error) = cause {
            let line = error.to_string();
            if !text.ends_with(&line) {
                text = format!("{text}: {line}");
            }
            cause = error.source();
        }
        text
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            reason: error.to_string(),
            wanted: Wanted::Retry,
            source: Some(Box::new(error)),
            decided: false,
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("wanted", &self.wanted).field("reason", &self.chain()).finish()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_error_becomes_a_retry_and_keeps_its_chain() {
        let failure = Failure::from("x".parse::<u8>().unwrap_err());
        assert_eq!(failure.wanted(), Wanted::Retry);
        assert_eq!(failure.reason(), "invalid digit found in string");
        assert!(failure.source().is_some());
        assert_eq!(failure.chain(), "invalid digit found in string");
    }

    #[test]
    fn an_error_can_be_made_final() {
        let failure = Failure::final_error("x".parse::<u8>().unwrap_err());
        assert!(failure.is_final());
        assert!(failure.source().is_some());
    }
}
