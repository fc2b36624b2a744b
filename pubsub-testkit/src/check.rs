//! What makes a case fail: [`Failure`] and the macros that raise it.

use std::borrow::Cow;
use std::fmt::{self, Debug, Display, Formatter};
use std::panic::Location;

use pubsub_core::{Error, ErrorKind};

/// How a case ends.
pub(crate) type CaseResult<T = ()> = Result<T, Failure>;

/// Why a case failed, and where its code noticed.
pub(crate) struct Failure {
    message: String,
    location: Option<&'static Location<'static>>,
    /// It is no failure: the case cannot run here.
    skip: bool,
}

impl Failure {
    #[track_caller]
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), location: Some(Location::caller()), skip: false }
    }

    /// A failure that no line of a case stands for, such as a violated rule.
    pub(crate) fn without_place(message: impl Into<String>) -> Self {
        Self { message: message.into(), location: None, skip: false }
    }

    /// Ends a case before it has begun, because what it needs cannot be had from this harness.
    pub(crate) fn skip(reason: impl Into<String>) -> Self {
        Self { message: reason.into(), location: None, skip: true }
    }

    pub(crate) fn is_skip(&self) -> bool {
        self.skip
    }

    /// Names another place: the line of the case that used a shortcut.
    fn at(mut self, place: &'static Location<'static>) -> Self {
        self.location = (!self.skip).then_some(place);
        self
    }

    /// Says first what was being done.
    pub(crate) fn while_doing(mut self, what: impl Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.location {
            Some(location) => write!(f, "\n    at {}:{}", location.file(), location.line()),
            None => Ok(()),
        }
    }
}

impl Debug for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Gives the failures of a shortcut the line of the case that calls it.
#[track_caller]
pub(crate) fn placed<T>(
    outcome: impl Future<Output = CaseResult<T>> + Send,
) -> impl Future<Output = CaseResult<T>> + Send {
    let place = Location::caller();
    async move { outcome.await.map_err(|failure| failure.at(place)) }
}

/// A payload as a failure shows it.
pub(crate) fn text(payload: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(payload)
}

/// So that `?` on an operation of the backend fails the case, with the line of the `?`.
impl From<Error> for Failure {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self::new(format!("the backend answered with an error: {error}"))
    }
}

/// Fails the case unless the condition holds. The message says what was expected and what came.
macro_rules! check {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::check::Failure::new(format!($($message)+)));
        }
    };
}

/// Fails the case unless both are equal, and prints both.
macro_rules! check_eq {
    ($found:expr, $expected:expr, $($message:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) => {
                if *found != *expected {
                    let what = format!($($message)+);
                    return Err($crate::check::Failure::new(format!("{what}: expected {expected:?}, found {found:?}")));
                }
            }
        }
    };
}

pub(crate) use {check, check_eq};

/// The error of a call that had to be refused; its success is a failure of the case.
#[track_caller]
pub(crate) fn refused<T>(outcome: Result<T, Error>, what: &str) -> CaseResult<Error> {
    match outcome {
        Ok(_) => Err(Failure::new(format!("{what} was accepted, and had to be refused"))),
        Err(error) => Ok(error),
    }
}

/// The error of a call that had to be refused with this kind and, where there is one, JetStream's code.
#[track_caller]
pub(crate) fn refused_as<T>(
    outcome: Result<T, Error>,
    kind: ErrorKind,
    code: Option<u16>,
    what: &str,
) -> CaseResult<Error> {
    let error = refused(outcome, what)?;
    let (found, found_code) = (error.kind(), error.broker_code());
    if found != kind || (code.is_some() && found_code != code) {
        return Err(Failure::new(format!(
            "{what} was refused as {found} ({found_code:?}) instead of {kind} ({code:?}): {error}"
        )));
    }
    Ok(error)
}
