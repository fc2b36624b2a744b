//! C. Retries and max deliver.

pub(crate) mod attempts;
pub(crate) mod exhausted;
pub(crate) mod forged;
pub(crate) mod max_deliver;
