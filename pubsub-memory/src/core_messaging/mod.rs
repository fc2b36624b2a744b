//! Plain messages: who listens, who asks, and what is published without a stream.

mod ask;
mod inbox;
mod listener;
mod listeners;
mod messaging;
mod subscription;

pub(crate) use listeners::Listeners;
pub(crate) use messaging::MemoryCore;
