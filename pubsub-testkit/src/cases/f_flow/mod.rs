//! F. Order and flow.

pub(crate) mod max_ack_pending;
pub(crate) mod order;
pub(crate) mod prefetch;
pub(crate) mod rebalance;
pub(crate) mod worker;
