//! Waking a stream that does something by itself for which somebody may wait: [`Alarm`].

use std::sync::Weak;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::stream::Stream;
use crate::stream::state::StreamState;

/// One sleeping task, which ends with the stream. A stream has one while it has something to publish or to tell by
/// itself; every other stream has none.
#[derive(Debug)]
pub(in crate::stream) struct Alarm {
    at: Instant,
    task: AbortHandle,
}

impl Alarm {
    /// Sleeps until then, in the runtime of the caller. Without one there is nothing to sleep in: what is due is done by
    /// the next call.
    pub(in crate::stream) fn set(at: Instant, stream: Weak<Stream>) -> Option<Self> {
        let runtime = Handle::try_current().ok()?;
        let task = runtime.spawn(async move {
            sleep_until(at).await;
            if let Some(stream) = stream.upgrade() {
                // What is due is done before anything; then the next alarm is set.
                stream.run(StreamState::wake_up);
            }
        });
        Some(Self { at, task: task.abort_handle() })
    }

    /// Whether it goes off at this time at the latest.
    pub(in crate::stream) fn is_before(&self, due: Instant, now: Instant) -> bool {
        // One that has gone off already is the caller itself, and one whose runtime is gone is none.
        now < self.at && self.at <= due && !self.task.is_finished()
    }
}

impl StreamState {
    /// Sees to it that the stream wakes up for what it publishes or tells next by itself.
    pub(in crate::stream) fn set_alarm(&mut self, now: Instant, stream: &Weak<Stream>) {
        let publishes = !self.schedules.is_empty() || self.config.subject_delete_marker_ttl.is_some();
        let produces_at = if publishes { self.next_production() } else { None };
        let due = [produces_at, self.tells_at].into_iter().flatten().min();
        if due.is_none() {
            self.alarm = None;
            return;
        }
        if !due.is_some_and(|due| self.alarm.as_ref().is_some_and(|alarm| alarm.is_before(due, now))) {
            self.alarm = due.and_then(|due| Alarm::set(due, Weak::clone(stream)));
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.task.abort();
    }
}
