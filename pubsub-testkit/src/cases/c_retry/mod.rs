//! C. Retries and max deliver.

pub(crate) mod attempts;
pub(crate) mod dead_letters;
pub(crate) mod delays;
pub(crate) mod exhausted;
pub(crate) mod forged;
pub(crate) mod max_deliver;
pub(crate) mod worker;
