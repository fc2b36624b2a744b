//! How far the job is: deliveries that are due against deliveries that are acked.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use indicatif::ProgressBar;
use pubsub::{Error, ErrorKind, Result};
use tokio::sync::watch;

/// How far the input may be ahead of the services. It bounds what the streams hold, whatever the input's size.
const MAX_BACKLOG: u64 = 5_000;
/// How long the services may settle nothing before waiting for them is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    due: AtomicU64,
    acked: watch::Sender<u64>,
}

impl Progress {
    pub(crate) fn new(bar: ProgressBar) -> Self {
        Self { bar, due: AtomicU64::new(0), acked: watch::channel(0).0 }
    }

    pub(crate) fn expect(&self, deliveries: u64) {
        self.due.fetch_add(deliveries, Relaxed);
        self.bar.inc_length(deliveries);
    }

    pub(crate) fn acked(&self) {
        self.acked.send_modify(|acked| *acked += 1);
        self.bar.inc(1);
    }

    /// Follows the number of acked deliveries.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.acked.subscribe()
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Waits while the services are too far behind.
    pub(crate) async fn wait_for_services(&self) -> Result<()> {
        let mut acked = self.acked.subscribe();
        while self.due.load(Relaxed).saturating_sub(*acked.borrow_and_update()) > MAX_BACKLOG {
            if tokio::time::timeout(PATIENCE, acked.changed()).await.is_err() {
                let seconds = PATIENCE.as_secs();
                return Err(Error::new(
                    ErrorKind::Timeout,
                    format!("the services settled nothing for {seconds} s"),
                )
                .with_operation("publish input")
                .with_remedy(
                    "look at the consumers: is something else using them, or is the broker overloaded?",
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress::new(ProgressBar::hidden())
    }

    #[tokio::test(start_paused = true)]
    async fn the_input_goes_on_when_the_services_catch_up() {
        let progress = progress();
        progress.expect(MAX_BACKLOG + 1);
        let (waited, ()) = tokio::join!(progress.wait_for_services(), async { progress.acked() });
        waited.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn services_that_settle_nothing_are_given_up() {
        let progress = progress();
        progress.expect(MAX_BACKLOG + 1);
        assert_eq!(progress.wait_for_services().await.unwrap_err().kind(), ErrorKind::Timeout);
    }
}
