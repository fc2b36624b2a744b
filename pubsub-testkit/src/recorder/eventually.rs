//! Waiting for what a test expects: [`Eventually`].

use std::panic::Location;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::expectation::{Expectation, Wanted, fail};
use super::show;

/// An [`Expectation`] that is waited for: each assertion resolves as soon as it holds, and panics when its time is over.
///
/// ```
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// # let recorder = pubsub_testkit::Recorder::new();
/// recorder.published("ride.cancelled").within(Duration::from_secs(60)).never().await;
/// # }
/// ```
///
/// # Cancel safety
/// Each assertion may be dropped before completion; nothing is asserted then.
#[derive(Debug, Clone)]
#[must_use = "it asserts nothing until it is told how often, and awaited"]
pub struct Eventually {
    expectation: Expectation,
    time: Duration,
}

impl Eventually {
    pub(super) fn new(expectation: Expectation, time: Duration) -> Self {
        Self { expectation, time }
    }

    /// Asserts that one comes. A second one is only noticed if it is there by then.
    ///
    /// # Panics
    /// If none comes in time, or more than one is there.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing is asserted.
    #[track_caller]
    pub fn once(self) -> impl Future<Output = ()> + Send {
        self.wait(Wanted::Exactly(1))
    }

    /// Asserts that so many come. Further ones are only noticed if they are there by then; zero is [`never`](Self::never).
    ///
    /// # Panics
    /// If fewer come in time, or more are there.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing is asserted.
    #[track_caller]
    pub fn times(self, times: usize) -> impl Future<Output = ()> + Send {
        self.wait(Wanted::Exactly(times))
    }

    /// Asserts that so many or more come.
    ///
    /// # Panics
    /// If fewer come in time.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing is asserted.
    #[track_caller]
    pub fn at_least(self, times: usize) -> impl Future<Output = ()> + Send {
        self.wait(Wanted::AtLeast(times))
    }

    /// Asserts that none comes: waits the whole time. On virtual time that takes none; on a server, prefer to wait for
    /// something that comes after it.
    ///
    /// # Panics
    /// As soon as there is one.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing is asserted.
    #[track_caller]
    pub fn never(self) -> impl Future<Output = ()> + Send {
        self.wait(Wanted::Exactly(0))
    }

    #[track_caller]
    fn wait(self, wanted: Wanted) -> impl Future<Output = ()> + Send {
        let place = Location::caller();
        async move {
            let deadline = Instant::now() + self.time;
            let mut changes = self.expectation.history().changes();
            loop {
                changes.mark_unchanged();
                let count = self.expectation.count();
                let settled = wanted.holds(count) && wanted != Wanted::Exactly(0);
                if settled {
                    return;
                }
                let over =
                    wanted.is_exceeded(count) || timeout_at(deadline, changes.changed()).await.is_err();
                if !over {
                    continue;
                }
                let count = self.expectation.count();
                if wanted.holds(count) {
                    return;
                }
                let words = show::failure(&self.expectation, wanted, count, Some(self.time));
                // A panic of an async block does not carry the caller's place.
                fail(&format!("{words}    at {}:{}", place.file(), place.line()));
            }
        }
    }
}
