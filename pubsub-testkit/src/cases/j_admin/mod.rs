//! J. Administration and observability.

pub(crate) mod counters;
pub(crate) mod create;
pub(crate) mod health;
pub(crate) mod list;
#[cfg(feature = "layers")]
pub(crate) mod measures;
#[cfg(feature = "layers")]
pub(crate) mod traces;

#[cfg(not(feature = "layers"))]
pub(crate) use super::without_layers::{measures, traces};
