//! So many attempts a second: [`RateLimit`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

use super::{Next, RouteLayer};
use crate::worker::{Incoming, Response};

/// Begins at most so many attempts in a time, over all the routes that it goes around; the others wait, each in its place of
/// the concurrency. After a quiet time up to that many begin at once.
#[derive(Debug, Clone)]
pub struct RateLimit {
    attempts: u32,
    each: Duration,
    /// When the next place would be free if none had ever been left unused.
    next: Arc<Mutex<Option<Instant>>>,
}

impl RateLimit {
    /// So many attempts (at least 1) in each `per`.
    #[must_use]
    pub fn new(attempts: u32, per: Duration) -> Self {
        let attempts = attempts.max(1);
        Self { attempts, each: per / attempts, next: Arc::default() }
    }

    /// Takes a place, and says when it is free.
    fn take(&self) -> Instant {
        let now = Instant::now();
        let burst = self.each * (self.attempts - 1);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let free = next.map_or(now, |next| next.max(now));
        *next = Some(free + self.each);
        free.checked_sub(burst).unwrap_or(now)
    }
}

impl RouteLayer for RateLimit {
    fn call(&self, incoming: &Incoming<'_>, next: Next<'_>) -> BoxFuture<'static, Response> {
        let (limit, running) = (self.clone(), next.run(incoming));
        Box::pin(async move {
            let free = limit.take();
            if free > Instant::now() {
                sleep_until(free).await;
            }
            running.await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_many_at_once_and_then_one_after_the_other() {
        let limit = RateLimit::new(2, Duration::from_secs(1));
        let start = Instant::now();
        let free: Vec<_> = (0..4).map(|_| limit.take().saturating_duration_since(start)).collect();
        let half = Duration::from_millis(500);
        assert_eq!(free, [Duration::ZERO, Duration::ZERO, half, half * 2]);
    }
}
