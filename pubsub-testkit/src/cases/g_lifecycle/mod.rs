//! G. Lifecycle.

pub(crate) mod cancel;
pub(crate) mod close;
pub(crate) mod drain;
pub(crate) mod finish;
pub(crate) mod gone;
pub(crate) mod process;
pub(crate) mod restart;
pub(crate) mod siblings;
