//! A consumer's configuration and state.

mod check;
mod config;
mod info;
mod policy;
mod validate;

pub use config::ConsumerConfig;
pub use info::{ConsumerInfo, SequencePair};
pub use policy::{AckPolicy, DeliverPolicy, ReplayPolicy};

#[cfg(test)]
mod tests;
