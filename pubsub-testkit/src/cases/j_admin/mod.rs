//! J. Administration and observability.

pub(crate) mod counters;
pub(crate) mod create;
pub(crate) mod health;
pub(crate) mod list;
