//! How an engine stops.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::attempt::{Ended, Finished};
use super::clock::after;
use super::engine::Engine;

/// The time that the last settlements have in any case.
const LAST: Duration = Duration::from_secs(2);

impl Engine {
    /// Lets handlers finish, hands back what has not begun, and settles.
    pub(super) async fn drain(&mut self) {
        let deadline = after(Instant::now(), self.bound.drain);
        self.intake.cancel();
        (self.recovery, self.sweep) = (None, None);
        self.hand_back_waiting();
        let mut extend_at = after(Instant::now(), self.lease());
        while !(self.running.is_empty() && self.keeping.is_empty() && self.settling.is_empty()) {
            self.flush_acks(false).await;
            self.report();
            tokio::select! {
                biased;
                Some(finished) = self.running.join_next(), if !self.running.is_empty() => {
                    self.finished(finished).await;
                }
                Some(Ok((id, failure, kept))) = self.keeping.join_next(), if !self.keeping.is_empty() => {
                    self.kept(id, &failure, kept).await;
                }
                Some(paid) = self.settling.join_next(), if !self.settling.is_empty() => self.are_settled(paid),
                () = sleep_until(extend_at) => extend_at = self.extend().await,
                () = sleep_until(deadline) => break,
            }
            self.hand_back_waiting();
        }
        self.cut_off().await;
        let end = deadline.max(Instant::now() + LAST);
        self.settle_all(end).await;
        self.report();
        // The broker has handled every settlement before it answers this, or it is not there.
        let _ = timeout(LAST, self.bound.consumer.info()).await;
    }

    /// What nobody works on goes back in the order of the stream, so that others get it at once; but not while another of its
    /// key is worked on here.
    pub(super) fn hand_back_waiting(&mut self) {
        self.queued.clear();
        self.suspects.clear();
        self.delayed.clear();
        self.gathering.clear();
        let busy = self.held.values().filter(|held| held.is_busy);
        let busy: HashSet<String> = busy.filter_map(|held| held.key.clone()).collect();
        let waits = |key: &Option<String>| key.as_ref().is_none_or(|key| !busy.contains(key));
        let waiting = self.held.iter().filter(|(_, held)| !held.is_busy && waits(&held.key));
        let mut waiting: Vec<u64> = waiting.map(|(id, _)| *id).collect();
        waiting.sort_unstable();
        for id in waiting {
            if let Some(held) = self.held.remove(&id) {
                self.outcome.handed_back += 1;
                held.delivery.hand_back();
            }
        }
    }

    async fn cut_off(&mut self) {
        const TO_END: Duration = Duration::from_millis(500);
        self.running.abort_all();
        self.keeping.abort_all();
        let end = Instant::now() + TO_END;
        // Some have ended meanwhile.
        while let Ok(Some(finished)) = timeout_at(end, self.running.join_next()).await {
            match finished {
                Ok(Finished::One(_, Ended::Publish(_))) | Err(_) => {}
                Ok(finished) => self.finished(Ok(finished)).await,
            }
        }
        while let Ok(Some(kept)) = timeout_at(end, self.keeping.join_next()).await {
            if let Ok((id, failure, kept)) = kept {
                self.kept(id, &failure, kept).await;
            }
        }
        self.keeping.abort_all();
        let mut left: Vec<_> = self.held.drain().collect();
        left.sort_unstable_by_key(|(id, _)| *id);
        for (_, held) in left {
            let info = held.delivery.info();
            if held.is_busy {
                tracing::warn!(stream = %info.stream, sequence = info.stream_sequence, "a handler was cut off");
                self.outcome.cut_off += 1;
            } else {
                self.outcome.handed_back += 1;
            }
            held.delivery.hand_back();
        }
    }
}
