//! H. Faults that need no server to be harmed.

pub(crate) mod deleted;
pub(crate) mod unknown;
