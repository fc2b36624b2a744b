//! Publishing what a server tells, to whoever hears it.

use pubsub_core::Advisory;
use tokio::time::Instant;

use super::audience::overlaps_advisories;
use super::wire;
use crate::store::Store;
use crate::stream::StreamState;

impl Store {
    /// Does something by which somebody may come who hears advisories. With the first, each stream begins to tell in time.
    /// No lock may be held.
    pub(crate) fn change_audience<T>(&self, change: impl FnOnce() -> T) -> T {
        let was_any = self.audience.is_any();
        let result = change();
        if !was_any && self.audience.is_any() {
            for stream in self.streams() {
                stream.run(StreamState::look_at_the_clock);
            }
        }
        result
    }

    /// Publishes an advisory, as a server does. Those about a stream that keeps advisories are heard and not stored: each
    /// could be the cause of the next. No lock may be held.
    pub(crate) fn publish_advisory(&self, advisory: &Advisory) {
        let at = self.clock().wall(Instant::now());
        let Ok(plain) = wire::message(advisory, self.next_id(), at) else {
            return;
        };
        if self.subjects_of(advisory.stream()).is_some_and(|subjects| overlaps_advisories(&subjects)) {
            self.listeners.hand(&plain.heard());
        } else {
            self.publish_plain(plain);
        }
    }
}
