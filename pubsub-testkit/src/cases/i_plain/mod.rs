//! I. Plain messages: publish and listen, request and reply, without a stream.

pub(crate) mod listen;
pub(crate) mod request;
