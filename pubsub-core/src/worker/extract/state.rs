//! What all handlers of a router share: [`State`].

use super::{FromMessage, Incoming};
use crate::worker::Failure;

/// What all handlers of a router share, such as a database pool: the router's state, or a part of it
/// ([`FromState`]). It is cloned for each message, so keep what is large in an `Arc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State<T>(pub T);

/// What can be taken from a router's state.
pub trait FromState<S> {
    /// Takes it.
    fn from_state(state: &S) -> Self;
}

impl<T: Clone> FromState<T> for T {
    fn from_state(state: &T) -> Self {
        state.clone()
    }
}

impl<S, T: FromState<S> + Send + 'static> FromMessage<S> for State<T> {
    fn from_message(_incoming: &Incoming<'_>, state: &S) -> Result<Self, Failure> {
        Ok(Self(T::from_state(state)))
    }
}
