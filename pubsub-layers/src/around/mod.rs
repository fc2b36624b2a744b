//! The one shape of every layer: a trait for what it does around the calls of a publisher, a consumer, a message or
//! administration, and one wrapper for each that forwards all the rest.

mod admin;
mod consumer;
mod message;
mod publisher;

pub(crate) use admin::{AdminAround, AroundAdmin};
pub(crate) use consumer::{AroundConsumer, ConsumerAround, deliveries};
pub(crate) use message::{AroundMessage, around_delivery};
pub(crate) use publisher::{AroundPublisher, PublisherAround, Rewrite, Rewriting};
