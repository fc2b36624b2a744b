//! Acks that were given and not applied yet: [`Acks`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// The most acks that wait. The next one is applied with them, under the stream's lock.
const MOST: usize = 256;

/// Plain acks of one consumer, left here by its handles while it [lags](super::ConsumerState::let_lag), so that an ack does
/// not take the stream's lock. Its own lock is taken alone or after the stream's.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    given: Mutex<Given>,
}

/// What was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Until when acks may wait; without it none may.
    until: Option<Instant>,
    /// Whether it matters what was stored before each of them.
    in_order: bool,
    acks: Vec<Ack>,
    /// When the newest was given.
    pub(super) last: Option<Instant>,
}

/// An ack that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ack {
    pub(super) sequence: u64,
    /// The last message that the stream had, where that matters.
    pub(super) after: u64,
}

impl Acks {
    /// Keeps an ack. Returns whether it may wait; if not, it is to be applied at once.
    pub(crate) fn give(&self, sequence: u64, last: impl FnOnce() -> u64) -> bool {
        let mut given = self.lock();
        let Some(until) = given.until else { return false };
        let now = Instant::now();
        if now >= until || given.acks.len() >= MOST {
            return false;
        }
        let after = if given.in_order { last() } else { 0 };
        given.acks.push(Ack { sequence, after });
        given.last = Some(now);
        true
    }

    /// From now on acks may wait until then.
    pub(super) fn open(&self, until: Instant, in_order: bool) {
        let mut given = self.lock();
        (given.until, given.in_order) = (Some(until), in_order);
    }

    /// Takes the acks that wait, in place of an empty list. From now on none may.
    pub(super) fn close(&self, empty: Given) -> Given {
        std::mem::replace(&mut *self.lock(), empty)
    }

    fn lock(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    /// Whether it matters what was stored before each of them.
    pub(super) fn is_in_order(&self) -> bool {
        self.in_order
    }

    pub(super) fn acks(&self) -> &[Ack] {
        &self.acks
    }

    /// The same room without acks.
    pub(super) fn emptied(mut self) -> Self {
        self.acks.clear();
        Self { acks: self.acks, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn an_ack_waits_only_while_that_is_open() {
        let acks = Acks::default();
        assert!(!acks.give(1, || 9));
        acks.open(Instant::now() + SECOND, true);
        assert!(acks.give(1, || 9));
        let given = acks.close(Given::default());
        assert_eq!(given.acks().iter().map(|ack| (ack.sequence, ack.after)).collect::<Vec<_>>(), [(1, 9)]);
        assert!(!acks.give(2, || 9));
        assert!(given.emptied().acks().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn none_waits_past_the_time_or_past_the_most() {
        let acks = Acks::default();
        acks.open(Instant::now() + SECOND, false);
        assert!((0..MOST).all(|_| acks.give(1, || 9)));
        assert!(!acks.give(1, || 9));
        acks.open(Instant::now() + SECOND, false);
        acks.close(Given::default());
        acks.open(Instant::now() + SECOND, false);
        tokio::time::advance(SECOND).await;
        assert!(!acks.give(1, || 9));
    }
}
