//! How many messages to hold ready: [`Pace`].

use std::time::Duration;

use tokio::time::Instant;

/// The most, where the caller leaves it open.
const MOST: usize = 1_000;
/// What is held ready is to be taken within this time, and within such a part of the ack wait.
const SPAN: Duration = Duration::from_millis(250);
const PART: u32 = 16;

/// How many messages to hold ready: as many as the caller said, or as many as are taken within an instant.
///
/// A small number costs a fast reader a request for every few messages; a large one lets messages wait for a slow one until
/// they are delivered again.
#[derive(Debug)]
pub(super) struct Pace {
    /// Where it begins, and stays if the caller said so.
    first: usize,
    is_fixed: bool,
    size: usize,
    /// How many were taken since then.
    taken: u32,
    since: Option<Instant>,
}

impl Pace {
    pub(super) fn new(said: Option<usize>, first: usize) -> Self {
        Self { first, is_fixed: said.is_some(), size: first, taken: 0, since: None }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// One was taken.
    pub(super) fn took(&mut self) {
        self.taken = self.taken.saturating_add(1);
    }

    /// More is asked for now: looks at how quickly messages were taken since the last time.
    pub(super) fn note(&mut self, now: Instant, ack_wait: Option<Duration>) {
        let taken = std::mem::take(&mut self.taken);
        let Some(since) = self.since.replace(now).filter(|_| !self.is_fixed && taken > 0) else {
            return;
        };
        let span = ack_wait.map_or(SPAN, |wait| SPAN.min(wait / PART));
        let each = now.saturating_duration_since(since) / taken;
        let takes = |messages: usize| each.saturating_mul(u32::try_from(messages).unwrap_or(u32::MAX));
        if takes(self.size * 2) <= span {
            self.size = (self.size * 2).min(MOST).max(self.first);
        } else if takes(self.size / 2) > span {
            self.size = (self.size / 2).max(self.first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes half of what is held, each in so long, and asks; so often.
    async fn takes(pace: &mut Pace, each: Duration, times: usize) -> usize {
        for _ in 0..times {
            for _ in 0..pace.size().div_ceil(2) {
                tokio::time::advance(each).await;
                pace.took();
            }
            pace.note(Instant::now(), Some(Duration::from_secs(30)));
        }
        pace.size()
    }

    #[tokio::test(start_paused = true)]
    async fn it_grows_for_a_fast_reader_and_shrinks_for_a_slow_one() {
        let mut pace = Pace::new(None, 100);
        pace.note(Instant::now(), None);
        assert_eq!(takes(&mut pace, Duration::from_micros(100), 1).await, 200);
        assert_eq!(takes(&mut pace, Duration::from_micros(100), 5).await, MOST);
        assert_eq!(takes(&mut pace, Duration::from_millis(10), 5).await, 100);
        assert_eq!(takes(&mut pace, Duration::from_secs(1), 1).await, 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_ack_wait_keeps_it_small() {
        let mut pace = Pace::new(None, 100);
        pace.note(Instant::now(), None);
        tokio::time::advance(Duration::from_millis(5)).await;
        (0..50).for_each(|_| pace.took());
        pace.note(Instant::now(), Some(Duration::from_millis(160)));
        assert_eq!(pace.size(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_caller_said_stays() {
        let mut pace = Pace::new(Some(100), 100);
        pace.note(Instant::now(), None);
        assert_eq!(takes(&mut pace, Duration::ZERO, 5).await, 100);
    }
}
