//! B. Settlement.

pub(crate) mod ack;
pub(crate) mod ack_wait;
pub(crate) mod nak;
pub(crate) mod term;
