//! When the connection broke: [`Breaks`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many are remembered.
const MOST: usize = 32;
/// How long after a loss something may be done that came before it.
const AFTERMATH: Duration = Duration::from_secs(2);

/// The times at which the connection was lost, the last ones.
#[derive(Debug, Default)]
pub(crate) struct Breaks {
    /// Whether it ever was: asked for with each delivery.
    any: AtomicBool,
    times: Mutex<VecDeque<Instant>>,
}

impl Breaks {
    /// Notes that it is lost now.
    pub(crate) fn note(&self) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if times.len() == MOST {
            times.pop_front();
        }
        times.push_back(Instant::now());
        self.any.store(true, Ordering::Release);
    }

    /// Whether it was ever lost.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Whether it was lost at this moment, or no later than so long after. What was received before the loss may be looked at a
    /// little after it, so that counts too.
    pub(crate) fn came_soon_after(&self, moment: Instant, within: Duration) -> bool {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.iter().any(|time| *time + AFTERMATH >= moment && *time <= moment + within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_break_concerns_what_was_done_shortly_before() {
        const SECOND: Duration = Duration::from_secs(1);
        let breaks = Breaks::default();
        assert!(!breaks.any());
        let early = Instant::now();
        tokio::time::advance(5 * SECOND).await;
        let late = Instant::now();
        tokio::time::advance(SECOND).await;
        breaks.note();
        let just_after = Instant::now() + SECOND;
        tokio::time::advance(3 * SECOND).await;
        let after = Instant::now();
        assert!(breaks.any());
        assert!(breaks.came_soon_after(late, 2 * SECOND));
        assert!(!breaks.came_soon_after(early, 2 * SECOND));
        assert!(breaks.came_soon_after(just_after, 2 * SECOND), "it may have been under way before");
        assert!(!breaks.came_soon_after(after, 2 * SECOND));
    }
}
