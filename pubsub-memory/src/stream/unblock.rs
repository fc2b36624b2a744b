//! Consumers that wait for room, at their `max_ack_pending`, when a message that takes it up leaves the stream.

use tokio::time::Instant;

use super::effects::Effects;
use super::state::StreamState;

impl StreamState {
    /// Messages have left that nobody had settled: who waits for room looks again.
    ///
    /// On nats-server 2.15.1 a purge does not wake them, but the next publish or settlement (measured); the others do.
    pub(super) fn unblock(&mut self, now: Instant, effects: &mut Effects) {
        for slot in self.consumers.stalled() {
            let Some(consumer) = self.consumers.at_mut(slot) else { continue };
            consumer.forget_removed(&self.messages);
            if consumer.is_stalled() {
                continue;
            }
            if consumer.has_deliverable(&self.messages) {
                consumer.wake_one(effects);
            }
            self.consumers.note_waiting(slot);
            self.offer(slot, now, effects);
        }
    }

    /// When the next message leaves by itself: who waits for room then looks again.
    pub(super) fn next_removal(&mut self) -> Option<Instant> {
        let ages = self.next_to_age().map(|(due, _)| due);
        let ends = self.lifetimes.next_end().map(|(due, _)| due);
        [ages, ends].into_iter().flatten().min()
    }
}
