//! Delivering messages with the time between them with which they were stored.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::after;

/// Messages that were stored closer together than this come together.
const TOGETHER: Duration = Duration::from_millis(1);

/// How far a consumer with `ReplayPolicy::Original` is, as nats-server 2.15.1 does it (measured): the time between two
/// messages begins when somebody asks for the second one, a redelivery counts as the first one, and once the messages are
/// delivered that were there when the consumer was made, and no other waits, everything comes at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replay {
    /// The last message that was there when the consumer was made.
    pub(crate) until: u64,
    /// When the last message that was delivered had been stored.
    pub(crate) last: Option<Instant>,
    /// Until when the next one has to wait.
    pub(crate) gap: Option<Instant>,
    /// Whether it has waited.
    pub(crate) is_due: bool,
}

impl Replay {
    pub(crate) fn new(until: u64) -> Self {
        Self { until, last: None, gap: None, is_due: false }
    }

    /// Whether the next message, stored `at`, may be delivered. If it may not, and `asks`, its time begins.
    pub(super) fn lets_pass(&mut self, at: Instant, now: Instant, asks: bool) -> bool {
        if self.is_due || self.gap.is_some() {
            return self.is_due;
        }
        let between = self.last.map_or(Duration::ZERO, |last| at.saturating_duration_since(last));
        if between <= TOGETHER {
            return true;
        }
        if asks {
            self.gap = Some(after(now, between));
        }
        false
    }

    /// Whether a message has waited for its time, or does: those that come again stand behind it.
    pub(super) fn has_next(&self) -> bool {
        self.is_due || self.gap.is_some()
    }

    pub(super) fn come_due(&mut self, now: Instant) {
        if self.gap.is_some_and(|gap| gap <= now) {
            (self.gap, self.is_due) = (None, true);
        }
    }

    /// Begins anew.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.until);
    }

    pub(super) fn delivered(&mut self, at: Instant, is_new: bool) {
        self.last = Some(at);
        if is_new {
            (self.gap, self.is_due) = (None, false);
        }
    }
}
