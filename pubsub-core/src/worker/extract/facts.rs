//! Arguments that tell about the message itself.

use bytes::Bytes;

use super::{FromMessage, Incoming};
use crate::headers::Headers;
use crate::message::DeliveryInfo;
use crate::worker::Failure;
use crate::worker::run::StopSignal;

/// Which attempt to handle this message it is, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub u64);

/// Tells a long handler that the worker is stopping, so that it may end early with a retry.
#[derive(Debug, Clone)]
pub struct Stopping(StopSignal);

impl Stopping {
    /// Whether the worker is stopping.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.is_set()
    }

    /// Waits until the worker is stopping.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn stopping(&self) {
        self.0.wait().await;
    }
}

impl<S> FromMessage<S> for Attempt {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        Ok(Self(incoming.attempt()))
    }
}

impl<S> FromMessage<S> for Stopping {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        Ok(Self(incoming.stop.clone()))
    }
}

/// The payload; the bytes are shared, not copied.
impl<S> FromMessage<S> for Bytes {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        Ok(incoming.message().payload().clone())
    }
}

impl<S> FromMessage<S> for Headers {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        Ok(incoming.message().headers().clone())
    }
}

impl<S> FromMessage<S> for DeliveryInfo {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        Ok(incoming.message().info().clone())
    }
}
