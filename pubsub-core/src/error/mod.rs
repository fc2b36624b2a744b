//! The one error type of every operation: [`Error`].

mod kind;
mod refusals;
mod report;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::Display;

pub use kind::{ErrorKind, Retry};

/// The result of every operation of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What failed, why, and what to do about it. One pointer wide.
///
/// `Display` is one line: the operation, what went wrong, the context (stream, subject, the broker's
/// code) and a remedy; control characters from outside are escaped in it. `Debug` is a report of several
/// lines with the chain of sources. Neither holds a payload or a secret.
///
/// The shape follows OpenDAL's error: a kind to match on, whether to retry, and context as pairs.
///
/// ```
/// use pubsub_core::{ErrorKind, Subject};
///
/// let error = Subject::new("ride..pickup").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidInput);
/// assert!(error.to_string().contains("ride..pickup"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    retry: Retry,
    effect_unknown: bool,
    broker_code: Option<u16>,
    operation: Option<&'static str>,
    context: Vec<(&'static str, String)>,
    remedy: Option<Cow<'static, str>>,
    source: Option<Box<dyn StdError + Send + Sync + 'static>>,
}

impl Error {
    /// An error of this kind; the message says what went wrong, in lower case and without a full stop.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            retry: kind.default_retry(),
            effect_unknown: false,
            broker_code: None,
            operation: None,
            context: Vec::new(),
            remedy: None,
            source: None,
        }))
    }

    /// A value that breaks a rule, given by the caller. `field` names it.
    #[must_use]
    pub fn invalid_input(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidInput, message).with_context("field", field)
    }

    /// A contradiction in a configuration. `field` names where.
    #[must_use]
    pub fn config(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, message).with_context("field", field)
    }

    /// Something that a backend cannot do. `feature` is the capability's name.
    #[must_use]
    pub fn unsupported(feature: &'static str) -> Self {
        Self::new(ErrorKind::Unsupported, "this backend cannot do that")
            .with_context("feature", feature)
            .with_remedy("check `capabilities()` first, or choose a backend that declares this feature")
    }

    /// A call on something that is closed.
    #[must_use]
    pub fn closed(what: &'static str) -> Self {
        Self::new(ErrorKind::Closed, format!("the {what} is closed"))
            .with_remedy("connect again for more work")
    }

    /// Says which operation failed. The innermost name wins: it is the most exact.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds a fact that helps to find the cause. Never a secret, never a payload.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl Display) -> Self {
        if !self.0.context.iter().any(|(known, _)| *known == key) {
            self.0.context.push((key, value.to_string()));
        }
        self
    }

    /// Says what to do about it, as a sentence in lower case without a full stop.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// Sets the broker's own number for this error (JetStream's error codes).
    #[must_use]
    pub fn with_broker_code(mut self, code: u16) -> Self {
        self.0.broker_code = Some(code);
        self
    }

    /// Overrides whether the call may be tried again.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Marks that the call may have had its effect although it failed, as when a confirmation is lost.
    #[must_use]
    pub fn with_effect_unknown(mut self) -> Self {
        self.0.effect_unknown = true;
        self
    }

    /// Keeps the cause, which stays downcastable through [`std::error::Error::source`].
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync + 'static>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What went wrong, in words and without context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same call may be tried again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// Whether the call may have had its effect although it failed.
    ///
    /// A publish whose confirmation was lost may be stored. Repeat it only with a message id: then the
    /// broker stores it once.
    #[must_use]
    pub fn is_effect_unknown(&self) -> bool {
        self.0.effect_unknown
    }

    /// The broker's own number for this error, if it gave one. JetStream's numbers, on every backend.
    #[must_use]
    pub fn broker_code(&self) -> Option<u16> {
        self.0.broker_code
    }

    /// The operation that failed.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The fact of that name, such as `stream`, `consumer`, `subject` or `field`.
    #[must_use]
    pub fn context(&self, key: &str) -> Option<&str> {
        self.0.context.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// So that a value that is already valid can stand where one that is still to be checked may stand.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn retry_follows_the_kind_until_overridden() {
        assert_eq!(Error::new(ErrorKind::Timeout, "no answer").retry(), Retry::Later);
        assert_eq!(Error::new(ErrorKind::NotFound, "no stream").retry(), Retry::Never);
        let spent = Error::new(ErrorKind::Timeout, "no answer").with_retry(Retry::Exhausted);
        assert_eq!(spent.retry(), Retry::Exhausted);
    }

    #[test]
    fn the_innermost_operation_and_fact_win() {
        let error = Error::closed("client")
            .with_operation("fetch")
            .with_operation("subscribe")
            .with_context("stream", "INNER")
            .with_context("stream", "OUTER");
        assert_eq!(error.operation(), Some("fetch"));
        assert_eq!(error.context("stream"), Some("INNER"));
    }

    #[test]
    fn the_source_stays_downcastable() {
        let error = Error::new(ErrorKind::Codec, "not JSON").with_source(std::fmt::Error);
        assert!(error.source().is_some_and(<dyn StdError>::is::<std::fmt::Error>));
    }
}
