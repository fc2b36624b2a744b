//! F. Order and flow.

pub(crate) mod max_ack_pending;
pub(crate) mod order;
