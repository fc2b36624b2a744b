//! G. Lifecycle.

pub(crate) mod cancel;
pub(crate) mod close;
