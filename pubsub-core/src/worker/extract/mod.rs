//! What a handler's arguments are made of: [`FromMessage`], [`Incoming`].

mod facts;
mod json;
mod path;
mod path_de;
mod state;
#[cfg(feature = "garde")]
mod valid;

use std::fmt;

pub use facts::Attempt;
pub use json::Json;
pub use path::Path;
pub use state::{FromState, State};
#[cfg(feature = "garde")]
pub use valid::Valid;

use super::Failure;
use super::router::Parameters;
use super::run::WorkerHandle;
use crate::message::Message;

/// A message as extraction sees it: what was delivered, and what the route took from its subject.
pub struct Incoming<'a> {
    pub(super) message: &'a dyn Message,
    pub(super) parameters: Parameters<'a>,
    pub(super) attempt: u64,
    pub(super) worker: &'a WorkerHandle,
}

impl<'a> Incoming<'a> {
    /// What was delivered.
    #[must_use]
    pub fn message(&self) -> &'a dyn Message {
        self.message
    }

    /// What a name in the route's pattern stands for in this subject.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters.get(name)
    }

    /// Which attempt to handle this message it is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// The worker that handles it.
    #[must_use]
    pub fn worker(&self) -> &'a WorkerHandle {
        self.worker
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("message", &self.message)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// What can be made of a message (and of the router's state), to be an argument of a handler.
///
/// ```
/// use pubsub_core::worker::{Failure, FromMessage, Incoming};
///
/// /// Who asks, as a header says.
/// struct Tenant(String);
///
/// impl<S> FromMessage<S> for Tenant {
///     fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
///         let tenant = incoming.message().headers().get("tenant");
///         tenant.map(|tenant| Self(tenant.to_owned())).ok_or_else(|| Failure::reject("no header `tenant`"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be extracted from a message",
    label = "not an argument that a handler may have",
    note = "use `Json<T>`, `Path<T>`, `State<T>`, `Headers`, `DeliveryInfo`, `Attempt`, `Bytes`, `WorkerHandle` or a tuple of them, or implement `FromMessage`"
)]
pub trait FromMessage<S>: Sized + Send + 'static {
    /// Makes it. A failure is the handler's verdict; what can never be made of this message should be
    /// [rejected](Failure::reject).
    ///
    /// # Errors
    /// Why it cannot be made.
    fn from_message(incoming: &Incoming<'_>, state: &S) -> Result<Self, Failure>;
}

/// `None` if it cannot be made.
impl<S, T: FromMessage<S>> FromMessage<S> for Option<T> {
    fn from_message(incoming: &Incoming<'_>, state: &S) -> Result<Self, Failure> {
        Ok(T::from_message(incoming, state).ok())
    }
}

/// The failure is the handler's to deal with.
impl<S, T: FromMessage<S>> FromMessage<S> for Result<T, Failure> {
    fn from_message(incoming: &Incoming<'_>, state: &S) -> Result<Self, Failure> {
        Ok(T::from_message(incoming, state))
    }
}

macro_rules! tuples {
    ($(($($part:ident),+))*) => {
        $(
            /// All of them.
            impl<S, $($part: FromMessage<S>,)+> FromMessage<S> for ($($part,)+) {
                fn from_message(incoming: &Incoming<'_>, state: &S) -> Result<Self, Failure> {
                    Ok(($($part::from_message(incoming, state)?,)+))
                }
            }
        )*
    };
}

tuples! { (A, B) (A, B, C) (A, B, C, D) }
