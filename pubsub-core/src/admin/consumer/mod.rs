//! A consumer's configuration and state.

mod check;
mod config;
mod info;
mod policy;
mod priority;
mod validate;

pub use config::ConsumerConfig;
pub use info::{ConsumerInfo, SequencePair};
pub use policy::{AckPolicy, DeliverPolicy, ReplayPolicy};
pub use priority::{PriorityGroup, PriorityPolicy};

#[cfg(test)]
mod tests;
