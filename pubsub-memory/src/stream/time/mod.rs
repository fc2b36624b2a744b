//! What happens in a stream by itself: messages age, live for their own time, and schedules fire.

mod alarm;
mod events;
mod lifetimes;
mod marker;

pub(super) use alarm::Alarm;
pub(super) use lifetimes::{Lifetime, Lifetimes};
