//! What a server tells of messages that were given up, and of who is pinned.

mod announce;
mod audience;
mod wire;

pub(crate) use audience::Audience;
