//! A stream's configuration and state.

mod check;
mod config;
mod info;
mod policy;
mod republish;
mod validate;

pub use config::StreamConfig;
pub use info::StreamInfo;
pub use policy::{Discard, Retention, Storage};
pub use republish::Republish;

#[cfg(test)]
mod tests;
