//! Wrappers that record what passes through them and change nothing.

mod admin;
mod ask;
mod broker;
mod consumer;
mod message;
mod publisher;

pub(crate) use broker::RecordedBroker;
