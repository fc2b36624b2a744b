//! What users hold of a consumer: the handle, its fetches and subscriptions, its deliveries.

mod consumer;
mod intake;
mod link;
mod message;
mod subscription;

pub(crate) use consumer::MemoryConsumer;
