//! B. Settlement.

pub(crate) mod ack;
pub(crate) mod ack_wait;
pub(crate) mod context;
pub(crate) mod elsewhere;
pub(crate) mod handlers;
pub(crate) mod late;
pub(crate) mod lost_answer;
pub(crate) mod many;
pub(crate) mod nak;
pub(crate) mod term;
