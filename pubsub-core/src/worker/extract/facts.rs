//! Arguments that tell about the message itself.

use bytes::Bytes;

use super::{FromMessage, Incoming};
use crate::headers::Headers;
use crate::message::DeliveryInfo;
use crate::worker::Failure;
use crate::worker::WorkerHandle;

/// Which attempt to handle this message it is, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub u64);

impl<S> FromMessage<S> for Attempt {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        Ok(Self(incoming.attempt()))
    }
}

impl<S> FromMessage<S> for WorkerHandle {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        Ok(incoming.worker().clone())
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
