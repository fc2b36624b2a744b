//! What a connection lets be seen of itself: state, statistics, events, health.

mod event;
mod health;
mod known;
mod settling;
mod state;

pub use event::NatsEvent;
pub(crate) use health::check;
pub(crate) use known::{Activity, Consuming, Known};
pub(crate) use settling::Settling;
pub use state::{ConnectionState, ConnectionStatistics};
