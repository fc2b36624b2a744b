//! So many attempts a second: [`RateLimit`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::{Next, RouteLayer};
use crate::message::DeliveryInfo;
use crate::name::{ConsumerName, StreamName};
use crate::worker::run::after;
use crate::worker::{Failure, Incoming, IntoResponse as _, Response};

/// Begins at most so many attempts in a time, over all the routes that it goes around. After a quiet time up to that many
/// begin at once.
///
/// A message that has to wait is [postponed](Failure::postpone) until its turn, in the order in which they came: it takes no
/// place of the concurrency, and the wait counts neither as an attempt nor towards a [`Timeout`](super::Timeout) or
/// a deadline, whichever of the layers is outside.
#[derive(Debug, Clone)]
pub struct RateLimit {
    attempts: u32,
    each: Duration,
    line: Arc<Mutex<Line>>,
}

#[derive(Debug, Default)]
struct Line {
    /// When the next place would be free if none had ever been left unused.
    next: Option<Instant>,
    /// Whose place is when.
    waiting: HashMap<Waiting, Instant>,
    /// At how many places those are looked for that nobody has come for.
    crowded: usize,
}

type Waiting = (StreamName, ConsumerName, u64);

impl Line {
    /// Whoever is so late does not come.
    const LAPSES: Duration = Duration::from_secs(300);

    fn reserve(&mut self, who: Waiting, at: Instant, now: Instant) {
        if self.waiting.len() >= self.crowded {
            self.waiting.retain(|_, at| after(*at, Self::LAPSES) > now);
            self.crowded = (self.waiting.len() * 2).max(1024);
        }
        self.waiting.insert(who, at);
    }
}

impl RateLimit {
    /// So many attempts (at least 1) in each `per`.
    #[must_use]
    pub fn new(attempts: u32, per: Duration) -> Self {
        let attempts = attempts.max(1);
        Self { attempts, each: per / attempts, line: Arc::default() }
    }

    /// Takes the message's place, or says how long it has to wait for it.
    fn enter(&self, info: &DeliveryInfo) -> Result<(), Duration> {
        let now = Instant::now();
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let who = (info.stream.clone(), info.consumer.clone(), info.stream_sequence);
        let at = if let Some(at) = line.waiting.get(&who) {
            *at
        } else {
            let free = line.next.map_or(now, |next| next.max(now));
            line.next = Some(after(free, self.each));
            let burst = self.each.saturating_mul(self.attempts - 1);
            free.checked_sub(burst).unwrap_or(now)
        };
        if at <= now {
            line.waiting.remove(&who);
            return Ok(());
        }
        line.reserve(who, at, now);
        Err(at - now)
    }
}

impl RouteLayer for RateLimit {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        match self.enter(incoming.message().info()) {
            Ok(()) => next.run(incoming),
            Err(wait) => {
                let postponed = Failure::postpone(wait, "its route's rate is reached").into_response();
                Box::pin(std::future::ready(postponed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn message(sequence: u64) -> DeliveryInfo {
        let (stream, consumer) = (StreamName::new("S").unwrap(), ConsumerName::new("c").unwrap());
        DeliveryInfo::new(stream, consumer, sequence, sequence, 1, 0, SystemTime::UNIX_EPOCH)
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_at_once_and_then_one_after_the_other() {
        let limit = RateLimit::new(2, Duration::from_secs(1));
        let half = Duration::from_millis(500);
        let entered: Vec<_> = (0..4).map(|sequence| limit.enter(&message(sequence))).collect();
        assert_eq!(entered, [Ok(()), Ok(()), Err(half), Err(half * 2)]);
        tokio::time::advance(half).await;
        assert_eq!(limit.enter(&message(3)), Err(half), "its place is its own");
        assert_eq!(limit.enter(&message(2)), Ok(()));
        assert_eq!(limit.enter(&message(4)), Err(half * 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_nobody_comes_for_is_forgotten() {
        let limit = RateLimit::new(1, Duration::from_millis(1));
        (0..1024).for_each(|sequence| _ = limit.enter(&message(sequence)));
        tokio::time::advance(Line::LAPSES * 2).await;
        (2000..2010).for_each(|sequence| _ = limit.enter(&message(sequence)));
        assert!(limit.line.lock().unwrap().waiting.len() <= 1024);
    }

    #[tokio::test(start_paused = true)]
    async fn no_time_is_too_long() {
        let limit = RateLimit::new(1, Duration::MAX);
        assert_eq!(limit.enter(&message(1)), Ok(()));
        assert!(limit.enter(&message(2)).is_err());
        assert!(limit.enter(&message(3)).is_err());
    }
}
