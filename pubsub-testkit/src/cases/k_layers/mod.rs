//! K. Layers, and several connections in one program.

pub(crate) mod assertions;
pub(crate) mod errors;
pub(crate) mod order;
pub(crate) mod routers;
pub(crate) mod stack;
pub(crate) mod two;
