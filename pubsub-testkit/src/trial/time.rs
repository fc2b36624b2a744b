//! How long things take, by the clock of the harness.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Trial;
use crate::check::{CaseResult, Failure, placed};
use crate::harness::Clock;

/// How often a condition is looked at, at first.
const POLL: Duration = Duration::from_millis(10);

/// The longer it takes, the longer the time until the next look, by this share: every look is an event that is judged.
const GROWTH: u32 = 20;

impl Trial {
    /// The ack wait of consumers whose messages are to expire: short on real time, as users have it on virtual time.
    pub(crate) fn ack_wait(&self) -> Duration {
        match self.clock() {
            Clock::Virtual => Duration::from_secs(30),
            Clock::Real => Duration::from_millis(500),
        }
    }

    /// How late something that is due may come before the case fails: generous, since it is only waited out by a case
    /// that fails.
    pub(crate) fn patience(&self) -> Duration {
        match self.clock() {
            Clock::Virtual => Duration::from_secs(600),
            Clock::Real => Duration::from_secs(15),
        }
    }

    /// How much longer than it should something may take before the case fails, where being late is what it is about:
    /// next to nothing on virtual time, where a time that is rounded to seconds must show; on a real clock what a busy
    /// machine may add.
    pub(crate) fn slack(&self) -> Duration {
        match self.clock() {
            Clock::Virtual => Duration::from_millis(500),
            Clock::Real => Duration::from_secs(10),
        }
    }

    /// The wall clock of the case: on virtual time it goes with that.
    pub(crate) fn wall_clock(&self) -> SystemTime {
        self.history().wall_clock()
    }

    /// Lets this time pass.
    pub(crate) async fn pass(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// Waits until the condition holds. `what` completes the sentence "waited in vain until ...".
    #[track_caller]
    pub(crate) fn eventually<C, F>(
        &self,
        what: &str,
        mut condition: C,
    ) -> impl Future<Output = CaseResult> + Send
    where
        C: FnMut() -> F + Send,
        F: Future<Output = CaseResult<bool>> + Send,
    {
        placed(async move {
            let began = Instant::now();
            while !condition().await? {
                let waited = began.elapsed();
                if waited >= self.patience() {
                    return Err(Failure::new(format!("waited in vain until {what}")));
                }
                tokio::time::sleep(POLL.max(waited / GROWTH)).await;
            }
            Ok(())
        })
    }

    /// The result of a call that has to end by itself within the case's patience.
    pub(crate) async fn in_time<T>(&self, what: &str, call: impl Future<Output = T> + Send) -> CaseResult<T> {
        tokio::time::timeout(self.patience(), call)
            .await
            .map_err(|_| Failure::new(format!("{what} did not end within {:?}", self.patience())))
    }
}
