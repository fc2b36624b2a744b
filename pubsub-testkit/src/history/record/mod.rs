//! Wrappers that record what passes through them and change nothing.

mod admin;
mod ask;
mod broker;
mod consumer;
mod core_messaging;
mod look;
mod message;
mod publisher;

pub(crate) use broker::RecordedBroker;
