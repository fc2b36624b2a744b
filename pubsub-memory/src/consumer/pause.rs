//! Stopping a consumer for a while. What is in flight goes on: its ack waits run, and it can be settled.

use std::time::SystemTime;

use tokio::time::Instant;

use super::ConsumerState;

/// Until when nothing is delivered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    pub(crate) until: Instant,
    /// The same, as it was asked for.
    pub(crate) asked: SystemTime,
}

impl ConsumerState {
    /// Stops deliveries, or lets them go on.
    pub(crate) fn set_pause(&mut self, pause: Option<Pause>) {
        self.pause = pause;
    }

    pub(super) fn is_paused(&self) -> bool {
        self.pause.is_some()
    }

    /// A pause that is over is none.
    pub(super) fn end_pause(&mut self, now: Instant) {
        if self.pause.is_some_and(|pause| pause.until <= now) {
            self.pause = None;
        }
    }
}
