//! What becomes of a message by the type of the error: [`ErrorClasses`].

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::{Next, RouteLayer};
use crate::worker::handler::Wanted;
use crate::worker::{Failure, Incoming, Response, Verdict};

/// What is to become of a message whose handler failed with an error of some type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorClass {
    /// Another attempt, when the policy says: as without a class.
    Retry,
    /// Another attempt, not before this has passed; it counts as one of the policy's.
    RetryAfter(Duration),
    /// The same attempt, when this has passed; see [`Failure::postpone`].
    Postpone(Duration),
    /// No other attempt: to the dead letters.
    Reject,
}

impl From<ErrorClass> for Wanted {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Retry => Self::Retry,
            ErrorClass::RetryAfter(delay) => Self::RetryAfter(delay),
            ErrorClass::Postpone(delay) => Self::Postpone(delay),
            ErrorClass::Reject => Self::Reject,
        }
    }
}

/// A layer of routes that says, in one place, what becomes of a message by the type of the error which its handler
/// returned by `?`.
///
/// The most specific class decides: that of the error itself before those of what caused it, the outermost cause first,
/// whatever the order in which they were added; of two for one type the later one. An error without any is
/// [otherwise](Self::otherwise), by default a retry. Of several such layers the innermost that has a class for it decides.
/// What a handler has said itself stands (`Failure::reject`, `retry_after`, `postpone`, `final_error`), and so does what is
/// no error (a panic, the deadline).
///
/// ```
/// use std::io;
/// use std::num::ParseIntError;
/// use std::time::Duration;
/// use pubsub_core::worker::{ErrorClass, ErrorClasses, Failure, Router};
///
/// async fn billed(payload: bytes::Bytes) -> Result<(), Failure> {
///     let _cents: u32 = String::from_utf8_lossy(&payload).parse()?; // never right: to the dead letters
///     Ok(())
/// }
///
/// let classes = ErrorClasses::new()
///     .of::<ParseIntError>(|_| ErrorClass::Reject)
///     .of::<io::Error>(|error| match error.kind() {
///         io::ErrorKind::ConnectionRefused => ErrorClass::Postpone(Duration::from_secs(10)),
///         _ => ErrorClass::Retry,
///     });
/// let router: Router = Router::new().route("ride.billed", billed)?.layer(classes);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct ErrorClasses {
    /// Each knows the errors of its type.
    classes: Vec<Arc<ClassOf>>,
    otherwise: Option<ErrorClass>,
}

type ClassOf = dyn Fn(&(dyn StdError + 'static)) -> Option<ErrorClass> + Send + Sync;

impl ErrorClasses {
    /// No classes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the class of errors of this type.
    #[must_use]
    pub fn of<E: StdError + 'static>(
        mut self,
        class: impl Fn(&E) -> ErrorClass + Send + Sync + 'static,
    ) -> Self {
        self.classes.push(Arc::new(move |error| error.downcast_ref::<E>().map(&class)));
        self
    }

    /// Sets the class of errors that no other has; by default they are tried again, and a layer around this one may say
    /// more of them.
    #[must_use]
    pub fn otherwise(mut self, class: ErrorClass) -> Self {
        self.otherwise = Some(class);
        self
    }

    fn class(&self, error: &(dyn StdError + 'static)) -> Option<ErrorClass> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(class) = self.classes.iter().rev().find_map(|class| class(error)) {
                return Some(class);
            }
            next = error.source();
        }
        self.otherwise
    }

    fn decide(&self, failure: &mut Failure) {
        if let Some(error) = failure.undecided()
            && let Some(class) = self.class(error)
        {
            failure.decide(class.into());
        }
    }
}

impl fmt::Debug for ErrorClasses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorClasses")
            .field("classes", &self.classes.len())
            .field("otherwise", &self.otherwise)
            .finish()
    }
}

impl RouteLayer for ErrorClasses {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let (classes, running) = (self.clone(), next.run(incoming));
        Box::pin(async move {
            let mut response = running.await;
            if let Verdict::Failed(failure) = &mut response.verdict {
                classes.decide(failure);
            }
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Error as Cause;
    use std::io;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// An `io::Error` whose source is a [`Cause`].
    #[derive(Debug)]
    struct Outer(Cause);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl StdError for Outer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    fn decided(classes: &ErrorClasses, failure: impl Into<Failure>) -> Wanted {
        let mut failure = failure.into();
        classes.decide(&mut failure);
        failure.wanted()
    }

    #[test]
    fn the_error_itself_comes_before_its_cause_in_any_order() {
        let outer = |classes: ErrorClasses| classes.of::<Outer>(|_| ErrorClass::Reject);
        let cause = |classes: ErrorClasses| classes.of::<Cause>(|_| ErrorClass::Retry);
        for classes in [cause(outer(ErrorClasses::new())), outer(cause(ErrorClasses::new()))] {
            assert_eq!(decided(&classes, Outer(Cause)), Wanted::Reject);
            assert_eq!(decided(&classes, Cause), Wanted::Retry);
        }
    }

    #[test]
    fn a_cause_decides_for_an_error_without_a_class_and_the_rest_is_otherwise() {
        let classes = ErrorClasses::new().of::<Cause>(|_| ErrorClass::RetryAfter(SECOND));
        assert_eq!(decided(&classes, Outer(Cause)), Wanted::RetryAfter(SECOND));
        assert_eq!(decided(&classes, io::Error::other("x")), Wanted::Retry);
        let classes = classes.otherwise(ErrorClass::Postpone(SECOND));
        assert_eq!(decided(&classes, io::Error::other("x")), Wanted::Postpone(SECOND));
    }

    #[test]
    fn of_two_for_one_type_the_later_one_counts() {
        let classes =
            ErrorClasses::new().of::<Cause>(|_| ErrorClass::Retry).of::<Cause>(|_| ErrorClass::Reject);
        assert_eq!(decided(&classes, Cause), Wanted::Reject);
    }

    #[test]
    fn what_was_said_stands() {
        let classes = ErrorClasses::new().otherwise(ErrorClass::Reject);
        assert_eq!(decided(&classes, Failure::retry("said")), Wanted::Retry);
        let later = ErrorClasses::new().of::<Cause>(|_| ErrorClass::RetryAfter(SECOND));
        assert_eq!(decided(&later, Failure::final_error(Cause)), Wanted::Reject);
    }

    #[test]
    fn the_innermost_layer_decides_also_for_a_retry() {
        let mut failure = Failure::from(Cause);
        ErrorClasses::new().of::<Cause>(|_| ErrorClass::Retry).decide(&mut failure);
        ErrorClasses::new().otherwise(ErrorClass::Reject).decide(&mut failure);
        assert_eq!(failure.wanted(), Wanted::Retry);
    }
}
