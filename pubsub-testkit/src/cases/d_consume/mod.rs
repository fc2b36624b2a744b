//! D. Consumers.

pub(crate) mod drift;
pub(crate) mod filters;
pub(crate) mod groups;
pub(crate) mod iterate;
pub(crate) mod names;
pub(crate) mod nothing;
pub(crate) mod options;
pub(crate) mod position;
pub(crate) mod pull;
pub(crate) mod reset;
pub(crate) mod resume;
pub(crate) mod running;
pub(crate) mod sharing;
pub(crate) mod start;
pub(crate) mod stopping;
pub(crate) mod tenants;
