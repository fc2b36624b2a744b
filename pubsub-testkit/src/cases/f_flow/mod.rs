//! F. Order and flow.

#[cfg(feature = "layers")]
pub(crate) mod breaker;
pub(crate) mod by_key;
pub(crate) mod max_ack_pending;
pub(crate) mod order;
pub(crate) mod prefetch;
pub(crate) mod rebalance;
pub(crate) mod worker;

#[cfg(not(feature = "layers"))]
pub(crate) use super::without_layers::breaker;
