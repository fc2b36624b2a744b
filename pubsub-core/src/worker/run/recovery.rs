//! What an earlier run has left unsettled is handled before what is behind it: [`Recovery`].

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::clock::after;
use super::engine::Engine;
use crate::admin::ConsumerInfo;

/// The start of a binding with a key whose consumer has unsettled messages. They come again when their ack wait is over, or at once if they
/// were handed back; messages behind them come before. Until all have come, or one ack wait has passed, messages that have
/// a key are held and not begun.
#[derive(Debug)]
pub(super) struct Recovery {
    /// Up to this sequence messages had been delivered.
    delivered: u64,
    /// How many of them are unsettled and have not come again.
    missing: u64,
    /// When the last of them may be asked for, if it is nobody else's.
    until: Instant,
    /// Whether they were asked for since then.
    has_looked: bool,
    /// What is held, in the order of the stream.
    held: BTreeSet<u64>,
    /// How many of those nobody had been given before.
    fresh: usize,
}

impl Recovery {
    /// A server's timers are late by less.
    const GRACE: Duration = Duration::from_millis(500);

    /// `None` if there is nothing to wait for.
    pub(super) fn new(info: &ConsumerInfo, now: Instant) -> Option<Self> {
        let until = after(now, info.config.effective_ack_wait().saturating_add(Self::GRACE));
        (info.ack_pending > 0).then(|| Self {
            delivered: info.delivered.stream,
            missing: info.ack_pending,
            until,
            has_looked: false,
            held: BTreeSet::new(),
            fresh: 0,
        })
    }

    /// A message has come.
    pub(super) fn saw(&mut self, id: u64) {
        if id <= self.delivered {
            self.missing = self.missing.saturating_sub(1);
        } else {
            self.fresh += 1;
        }
    }

    /// It is to be begun when all have come.
    pub(super) fn hold(&mut self, id: u64) {
        self.held.insert(id);
    }

    /// For how many there is room. Those that come again are given out before new ones, if their time has come; so no more new
    /// ones are taken than are handled at once, until it has.
    pub(super) fn room(&self, limit: usize, now: Instant) -> usize {
        let missing = usize::try_from(self.missing).unwrap_or(usize::MAX);
        if self.fresh < limit || self.until <= now { missing } else { 0 }
    }

    pub(super) fn until(&self) -> Instant {
        if self.has_looked { after(self.until, Self::GRACE) } else { self.until }
    }

    /// Whether it is over. `is_asking`: a fetch is under way, which would have brought what was there.
    fn is_over(&mut self, now: Instant, is_asking: bool) -> bool {
        if self.missing == 0 || (self.has_looked && self.until() <= now) {
            return true;
        }
        if self.until > now || self.has_looked {
            return false;
        }
        self.has_looked = true;
        is_asking
    }
}

impl Engine {
    /// Lets messages into their lanes, in the order of the stream, when those have come that were unsettled at the start.
    pub(super) fn end_recovery(&mut self) {
        let is_asking = self.intake.is_asking();
        let Some(recovery) = self.recovery.as_mut().filter(|_| !self.bound.worker.is_paused()) else {
            return;
        };
        if !recovery.is_over(Instant::now(), is_asking) {
            return;
        }
        for id in self.recovery.take().map(|recovery| recovery.held).unwrap_or_default() {
            let key = self.held.get(&id).and_then(|held| held.key.clone());
            if key.is_some_and(|key| self.lanes.enter(&key, id)) {
                self.queued.push_back(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovery(missing: u64) -> Recovery {
        let until = Instant::now() + Duration::from_secs(30);
        Recovery { delivered: 3, missing, until, has_looked: false, held: BTreeSet::new(), fresh: 0 }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_all_have_come() {
        let mut recovery = recovery(2);
        assert_eq!(recovery.room(1, Instant::now()), 2);
        recovery.saw(4);
        assert_eq!(recovery.room(1, Instant::now()), 0, "no more new ones");
        recovery.saw(1);
        assert!(!recovery.is_over(Instant::now(), true));
        recovery.saw(3);
        assert!(recovery.is_over(Instant::now(), true));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_their_ack_wait_has_passed_and_they_were_asked_for() {
        let mut recovery = recovery(2);
        (4..9).for_each(|id| recovery.saw(id));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(recovery.room(1, Instant::now()), 2);
        assert!(!recovery.is_over(Instant::now(), false), "they are asked for once more");
        tokio::time::advance(Recovery::GRACE).await;
        assert!(recovery.is_over(Instant::now(), true));
    }
}
