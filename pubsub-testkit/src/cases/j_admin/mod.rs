//! J. Administration and observability.

pub(crate) mod counters;
pub(crate) mod create;
pub(crate) mod list;
