//! D. Consumers.

pub(crate) mod filters;
pub(crate) mod pull;
pub(crate) mod resume;
pub(crate) mod sharing;
pub(crate) mod start;
