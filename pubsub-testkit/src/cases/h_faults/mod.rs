//! H. Faults: what a backend makes of a store that fails, and of one that fails it.

pub(crate) mod clock;
pub(crate) mod deleted;
pub(crate) mod half_open;
pub(crate) mod killed;
mod load;
pub(crate) mod outage;
pub(crate) mod poison;
pub(crate) mod refused;
pub(crate) mod several;
pub(crate) mod slow;
mod traffic;
pub(crate) mod unknown;

pub(super) use load::{one_publish, publish_until_stored};
