//! What a server tells of messages that were given up.

mod announce;
mod audience;
mod wire;

pub(crate) use audience::Audience;
