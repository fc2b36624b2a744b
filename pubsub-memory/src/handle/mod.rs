//! What users hold of a consumer: the handle, its fetches and subscriptions, its deliveries.

mod consumer;
mod intake;
mod link;
mod message;
mod subscription;
mod timer;

pub(crate) use consumer::MemoryConsumer;
