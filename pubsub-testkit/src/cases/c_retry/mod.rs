//! C. Retries and max deliver.

pub(crate) mod attempts;
pub(crate) mod max_deliver;
